/* Whom to trust (5280, 9525, 7671), and who we are. */
#include "internal.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SHA256_LENGTH = 32
};

static bool wrong(struct postino_openssl *tls, const char *what, const char *file)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    snprintf(tls->problem, sizeof tls->problem, "%s %s: %s", what, file, reason ? reason : "cannot be read");
    ERR_clear_error();
    return false;
}

static bool load_own(struct postino_openssl *tls)
{
    const struct postino_openssl_options *o = tls->options;
    const char *key_file = o->key_file ? o->key_file : o->certificate_file;
    if (!o->certificate_file)
        return true;
    if (SSL_CTX_use_certificate_chain_file(tls->context, o->certificate_file) != 1)
        return wrong(tls, "the certificate file", o->certificate_file);
    if (SSL_CTX_use_PrivateKey_file(tls->context, key_file, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(tls->context) != 1)
        return wrong(tls, "the key file", key_file);
    return true;
}

/* Where the issuer decides, the first thing that is wrong ends the handshake, and is explained while the certificate is
 * at hand. */
static int by_chain(int verified, X509_STORE_CTX *store)
{
    const SSL *connection = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    if (!verified)
        postino_openssl_explain_certificate(SSL_get_app_data(connection), X509_STORE_CTX_get0_cert(store),
                                            X509_verify_cert_error_string(X509_STORE_CTX_get_error(store)));
    return verified;
}

/* Where the key does, is_trusted holds it behind the handshake. */
static int by_key(int verified, X509_STORE_CTX *store)
{
    (void)verified;
    (void)store;
    return 1;
}

/* The system's file holds more than a hundred certificates, and to read it costs more than all the rest of a mail: it
 * is read when the system's folder, which is asked first, does not have an issuer. */
static int look_into_file(X509_LOOKUP *lookup, X509_LOOKUP_TYPE type, const X509_NAME *name, X509_OBJECT *found)
{
    X509_STORE *store = X509_LOOKUP_get_store(lookup);
    const char *file = getenv(X509_get_default_cert_file_env());
    if (X509_LOOKUP_get_method_data(lookup))
        return 0; /* what it holds was found in the store */
    X509_LOOKUP_set_method_data(lookup, store);
    if (X509_STORE_load_file(store, file ? file : X509_get_default_cert_file()) != 1)
        ERR_clear_error(); /* a system may have no such file */
    X509_OBJECT *object = X509_OBJECT_retrieve_by_subject(X509_STORE_get0_objects(store), type, name);
    X509 *certificate = object ? X509_OBJECT_get0_X509(object) : NULL;
    if (!certificate || X509_OBJECT_set1_X509(found, certificate) != 1)
        return 0;
    X509_free(certificate); /* who asks counts it again */
    return 1;
}

/* One for all contexts, which may outlive who made them. */
static X509_LOOKUP_METHOD *file_method;
static CRYPTO_ONCE file_method_once = CRYPTO_ONCE_STATIC_INIT;

static void make_file_method(void)
{
    file_method = X509_LOOKUP_meth_new("the system's file");
    if (file_method)
        X509_LOOKUP_meth_set_get_by_subject(file_method, look_into_file);
}

static bool trust_system(struct postino_openssl *tls)
{
    X509_STORE *store = SSL_CTX_get_cert_store(tls->context);
    X509_LOOKUP *folder = X509_STORE_add_lookup(store, X509_LOOKUP_hash_dir());
    return folder && X509_LOOKUP_add_dir(folder, NULL, X509_FILETYPE_DEFAULT) == 1 &&
           CRYPTO_THREAD_run_once(&file_method_once, make_file_method) == 1 && file_method &&
           X509_STORE_add_lookup(store, file_method);
}

bool postino_openssl_trust(struct postino_openssl *tls)
{
    const struct postino_openssl_options *o = tls->options;
    SSL_CTX_set_verify(tls->context, o->unverified ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, o->pins ? by_key : by_chain);
    if (o->ca_file && SSL_CTX_load_verify_file(tls->context, o->ca_file) != 1)
        return wrong(tls, "the file of trusted certificates", o->ca_file);
    if (!o->ca_file && !o->unverified && !o->pins && !trust_system(tls))
        return wrong(tls, "the trusted certificates of the system", "");
    return load_own(tls);
}

bool postino_openssl_expect(struct postino_openssl *tls)
{
    X509_VERIFY_PARAM *parameters = SSL_get0_param(tls->connection);
    if (X509_VERIFY_PARAM_set1_ip_asc(parameters, tls->name) == 1) /* an address: no SNI (6066 3) */
        return true;
    X509_VERIFY_PARAM_set_hostflags(parameters,
                                    X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return X509_VERIFY_PARAM_set1_host(parameters, tls->name, 0) == 1 &&
           SSL_set_tlsext_host_name(tls->connection, tls->name) == 1;
}

/* "sha256:" and the digest in hexadecimal or base64. */
static bool pin_digest(const char *pin, unsigned char *digest)
{
    static const char prefix[] = "sha256:";
    unsigned char decoded[SHA256_LENGTH + 3];
    size_t length;
    if (strncmp(pin, prefix, sizeof prefix - 1) != 0)
        return false;
    pin += sizeof prefix - 1;
    if (OPENSSL_hexstr2buf_ex(digest, SHA256_LENGTH, &length, pin, '\0') == 1 && length == SHA256_LENGTH)
        return true;
    ERR_clear_error();
    if (strlen(pin) != 44 || pin[43] != '=' || pin[42] == '=' ||
        EVP_DecodeBlock(decoded, (const unsigned char *)pin, 44) != SHA256_LENGTH + 1)
        return false;
    memcpy(digest, decoded, SHA256_LENGTH);
    return true;
}

bool postino_openssl_pins_valid(struct postino_openssl *tls)
{
    unsigned char digest[SHA256_LENGTH];
    for (const char *const *pin = tls->options->pins; pin && *pin; pin++)
        if (!pin_digest(*pin, digest)) {
            snprintf(tls->problem, sizeof tls->problem,
                     "the pin %s: not sha256: and a digest in 64 hexadecimal digits or 44 of base64", *pin);
            return false;
        }
    return true;
}

static bool is_pinned(const struct postino_openssl *tls, X509 *certificate)
{
    unsigned char wanted[SHA256_LENGTH], digest[EVP_MAX_MD_SIZE];
    unsigned char *key = NULL;
    int length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &key);
    bool found = false;
    if (length > 0 && EVP_Digest(key, (size_t)length, digest, NULL, EVP_sha256(), NULL) == 1)
        for (const char *const *pin = tls->options->pins; *pin; pin++)
            found |= pin_digest(*pin, wanted) && memcmp(wanted, digest, SHA256_LENGTH) == 0;
    OPENSSL_free(key);
    return found;
}

bool postino_openssl_is_trusted(struct postino_openssl *tls)
{
    const struct postino_openssl_options *o = tls->options;
    long verified = SSL_get_verify_result(tls->connection);
    if (o->unverified)
        return true;
    X509 *certificate = SSL_get0_peer_certificate(tls->connection);
    if (!certificate)
        postino_openssl_explain_certificate(tls, NULL, "there is none");
    else if (o->pins && !is_pinned(tls, certificate))
        postino_openssl_explain_certificate(tls, certificate, "its key is none of those that are pinned");
    else if (!o->pins && verified != X509_V_OK)
        postino_openssl_explain_certificate(tls, certificate, X509_verify_cert_error_string(verified));
    else
        return true;
    return false;
}
