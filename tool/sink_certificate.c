/* What the sink shows of itself over TLS: a certificate given, or one made for this run by an authority of its own. */
#define _GNU_SOURCE
#include "sink_server.h"

#include <errno.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#define SINK_VALID_BEFORE_S (60L * 60)
#define SINK_VALID_S        (30L * 24 * 60 * 60)

static int sink_wrong(const char *option, const char *value, int code)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());

    fprintf(stderr, "postino sink: %s %s: %s\n", option, value, reason ? reason : "cannot be used");
    return code;
}

static bool sink_extend(X509 *certificate, X509 *issuer, int extension_id, const char *value)
{
    X509V3_CTX context;
    X509_EXTENSION *extension;
    bool added;

    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &context, extension_id, value);
    added = extension && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return added;
}

static bool sink_serial(X509 *certificate)
{
    unsigned char octets[8];
    uint64_t number = 1;

    if (RAND_bytes(octets, sizeof octets) != 1)
        return false;
    for (size_t i = 0; i < sizeof octets; i++)
        number = number << 8 | octets[i];
    return ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), number >> 1) == 1;
}

/* All but its extensions and its signature. */
static X509 *sink_certificate_new(const char *name, EVP_PKEY *key)
{
    X509 *certificate = X509_new();
    const unsigned char *text = (const unsigned char *)name;

    if (certificate && X509_set_version(certificate, X509_VERSION_3) == 1 && sink_serial(certificate) &&
        X509_gmtime_adj(X509_getm_notBefore(certificate), -SINK_VALID_BEFORE_S) &&
        X509_gmtime_adj(X509_getm_notAfter(certificate), SINK_VALID_S) && X509_set_pubkey(certificate, key) == 1 &&
        X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8, text, -1, -1, 0) == 1)
        return certificate;
    X509_free(certificate);
    return NULL;
}

static X509 *sink_authority(EVP_PKEY *key)
{
    X509 *authority = sink_certificate_new("Postino sink authority", key);

    if (authority && X509_set_issuer_name(authority, X509_get_subject_name(authority)) == 1 &&
        sink_extend(authority, authority, NID_basic_constraints, "critical,CA:TRUE") &&
        sink_extend(authority, authority, NID_key_usage, "critical,keyCertSign,cRLSign") &&
        sink_extend(authority, authority, NID_subject_key_identifier, "hash") &&
        X509_sign(authority, key, EVP_sha256()) > 0)
        return authority;
    X509_free(authority);
    return NULL;
}

static X509 *sink_leaf(EVP_PKEY *key, X509 *authority, EVP_PKEY *authority_key)
{
    X509 *leaf = sink_certificate_new("localhost", key);

    if (leaf && X509_set_issuer_name(leaf, X509_get_subject_name(authority)) == 1 &&
        sink_extend(leaf, authority, NID_basic_constraints, "critical,CA:FALSE") &&
        sink_extend(leaf, authority, NID_key_usage, "critical,digitalSignature") &&
        sink_extend(leaf, authority, NID_ext_key_usage, "serverAuth") &&
        sink_extend(leaf, authority, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1,IP:::1") &&
        sink_extend(leaf, authority, NID_subject_key_identifier, "hash") &&
        sink_extend(leaf, authority, NID_authority_key_identifier, "keyid") &&
        X509_sign(leaf, authority_key, EVP_sha256()) > 0)
        return leaf;
    X509_free(leaf);
    return NULL;
}

static int sink_write_authority(const char *path, X509 *authority)
{
    FILE *file = fopen(path, "w");
    bool written = file && PEM_write_X509(file, authority) == 1;

    if (file && fclose(file) == 0 && written)
        return 0;
    fprintf(stderr, "postino sink: --ca-out %s: %s\n", path, strerror(errno));
    return EX_CANTCREAT;
}

static int sink_made(struct postino_sink *sink)
{
    SSL_CTX *context = sink->tls.context;
    EVP_PKEY *authority_key = EVP_EC_gen("P-256"), *key = EVP_EC_gen("P-256");
    X509 *authority = authority_key ? sink_authority(authority_key) : NULL;
    X509 *leaf = authority && key ? sink_leaf(key, authority, authority_key) : NULL;
    int code = 0;

    if (!leaf || SSL_CTX_use_certificate(context, leaf) != 1 || SSL_CTX_use_PrivateKey(context, key) != 1)
        code = sink_wrong("--tls", "cannot make a certificate", EX_SOFTWARE);
    if (code == 0 && sink->tls.ca_out)
        code = sink_write_authority(sink->tls.ca_out, authority);
    X509_free(leaf);
    X509_free(authority);
    EVP_PKEY_free(key);
    EVP_PKEY_free(authority_key);
    return code;
}

static int sink_given(struct postino_sink *sink)
{
    SSL_CTX *context = sink->tls.context;

    if (SSL_CTX_use_certificate_chain_file(context, sink->tls.certificate) != 1)
        return sink_wrong("--cert", sink->tls.certificate, EX_NOINPUT);
    if (SSL_CTX_use_PrivateKey_file(context, sink->tls.key, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(context) != 1)
        return sink_wrong("--key", sink->tls.key, EX_NOINPUT);
    return 0;
}

/* Asks for a certificate; who has none is served all the same. */
static int sink_clients(struct postino_sink *sink)
{
    const char *path = sink->tls.client_ca;
    STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(path);

    if (!names || SSL_CTX_load_verify_file(sink->tls.context, path) != 1) {
        sk_X509_NAME_pop_free(names, X509_NAME_free);
        return sink_wrong("--client-ca", path, EX_NOINPUT);
    }
    SSL_CTX_set_client_CA_list(sink->tls.context, names);
    SSL_CTX_set_verify(sink->tls.context, SSL_VERIFY_PEER, NULL);
    return 0;
}

/* Versions before 1.2 sign by SHA-1, which no higher level of security allows. Where only the latest version is named
 * and it is an old one, it is the earliest, too. */
static int sink_versions(struct postino_sink *sink)
{
    SSL_CTX *context = sink->tls.context;
    int least = sink->tls.least, most = sink->tls.most;

    if (least == 0 && most != 0 && most < TLS1_2_VERSION)
        least = most;
    if (least != 0 && least < TLS1_2_VERSION)
        SSL_CTX_set_security_level(context, 0);
    if (SSL_CTX_set_min_proto_version(context, least ? least : TLS1_2_VERSION) != 1 ||
        SSL_CTX_set_max_proto_version(context, most) != 1)
        return sink_wrong("--tls-min", "this version", EX_USAGE);
    if (sink->tls.ciphers && SSL_CTX_set_cipher_list(context, sink->tls.ciphers) != 1)
        return sink_wrong("--tls-ciphers", sink->tls.ciphers, EX_USAGE);
    return 0;
}

int postino_sink_tls_prepare(struct postino_sink *sink)
{
    static const unsigned char name[] = "postino sink";
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    int code;

    if (!context)
        return sink_wrong("--tls", "cannot begin", EX_SOFTWARE);
    sink->tls.context = context;
    SSL_CTX_set_mode(context,
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_session_cache_mode(context,
                                   SSL_SESS_CACHE_SERVER); /* for TLS 1.2 without tickets, as devices speak it */
    SSL_CTX_sess_set_cache_size(context, 32);
    SSL_CTX_set_session_id_context(context, name, sizeof name - 1);
    code = sink_versions(sink);
    if (code == 0)
        code = sink->tls.certificate ? sink_given(sink) : sink_made(sink);
    if (code == 0 && sink->tls.client_ca)
        code = sink_clients(sink);
    return code;
}
