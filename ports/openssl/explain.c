/* What OpenSSL has to say, in words for people. */
#include "internal.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

enum {
    NAMES_SHOWN = 4
};

static void add(struct postino_openssl *tls, const char *text)
{
    size_t length = strlen(tls->problem);
    snprintf(tls->problem + length, sizeof tls->problem - length, "%s", text);
}

static void add_address(struct postino_openssl *tls, const ASN1_OCTET_STRING *address)
{
    char *text = NULL;
    if (address->length == 4 || address->length == 16) {
        BIO *out = BIO_new(BIO_s_mem());
        for (int i = 0; out && i < address->length; i++)
            BIO_printf(out,
                       address->length == 4 ? "%s%d"
                       : i % 2              ? "%.0s%02x"
                                            : "%s%02x",
                       i == 0                 ? ""
                       : address->length == 4 ? "."
                                              : ":",
                       address->data[i]);
        if (out && BIO_write(out, "", 1) == 1)
            BIO_get_mem_data(out, &text);
        add(tls, text ? text : "?");
        BIO_free(out);
    }
}

static void add_names(struct postino_openssl *tls, X509 *certificate)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    int count = sk_GENERAL_NAME_num(names), shown = 0;
    for (int i = 0; i < count && shown < NAMES_SHOWN; i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type != GEN_DNS && name->type != GEN_IPADD)
            continue;
        add(tls, shown++ ? ", " : "; it names ");
        if (name->type == GEN_IPADD) {
            add_address(tls, name->d.iPAddress);
            continue;
        }
        char text[256];
        snprintf(text, sizeof text, "%.*s", name->d.dNSName->length, (const char *)name->d.dNSName->data);
        for (char *at = text; *at; at++)
            if (*at < ' ' || *at > '~') /* an IA5String of somebody whom we do not trust */
                *at = '?';
        add(tls, text);
    }
    if (shown == 0)
        add(tls, "; it names no host");
    else if (shown < count)
        add(tls, ", ...");
    GENERAL_NAMES_free(names);
}

/* One line: subject, issuer, until when, whom it names. */
void postino_openssl_explain_certificate(struct postino_openssl *tls, X509 *certificate, const char *why)
{
    BIO *out = certificate ? BIO_new(BIO_s_mem()) : NULL;
    snprintf(tls->problem, sizeof tls->problem, "the server's certificate is not to be trusted: %s", why);
    if (!out)
        return;
    char *text;
    BIO_printf(out, " (");
    X509_NAME_print_ex(out, X509_get_subject_name(certificate), 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB);
    BIO_printf(out, ", issued by ");
    X509_NAME_print_ex(out, X509_get_issuer_name(certificate), 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB);
    BIO_printf(out, ", valid until ");
    ASN1_TIME_print(out, X509_get0_notAfter(certificate));
    BIO_write(out, "", 1);
    BIO_get_mem_data(out, &text);
    text[strnlen(text, 300)] = '\0';
    add(tls, text);
    BIO_free(out);
    add_names(tls, certificate);
    add(tls, ")");
}

/* Some errors say what to do. */
static const char *hint(int reason)
{
    switch (reason) {
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
    case SSL_R_HTTP_REQUEST:
    case SSL_R_UNKNOWN_PROTOCOL:
        return "; what came was not TLS: where TLS does not begin with the connection, say smtp+tls:// or "
               "submission://";
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
        return "; the server speaks no TLS 1.2 or newer";
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
        return "; the server wants a certificate of ours";
    }
    return "";
}

void postino_openssl_explain(struct postino_openssl *tls)
{
    unsigned long error = ERR_peek_last_error();
    long verified = SSL_get_verify_result(tls->connection);
    const char *reason = ERR_reason_error_string(error);
    if (verified != X509_V_OK && !tls->options->unverified && !tls->options->pins) {
        if (!*tls->problem)
            postino_openssl_explain_certificate(tls, NULL, X509_verify_cert_error_string(verified));
    } else if (!reason || ERR_GET_REASON(error) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
        snprintf(tls->problem, sizeof tls->problem, "the server ended the connection within the TLS handshake");
    } else {
        snprintf(tls->problem, sizeof tls->problem, "TLS could not be established: %s%s", reason,
                 hint(ERR_GET_REASON(error)));
    }
    ERR_clear_error();
}

void postino_openssl_summarise(struct postino_openssl *tls)
{
    bool verified = !tls->options->unverified;
    snprintf(tls->summary, sizeof tls->summary, "%s %s%s%s%s", SSL_get_version(tls->connection),
             SSL_get_cipher_name(tls->connection), tls->resumed ? ", resumed" : "",
             verified ? ", certificate verified for " : ", certificate not verified", verified ? tls->name : "");
}
