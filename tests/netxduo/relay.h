/* Stands between a device and the scripted server, and speaks TLS to the device: from the start, or once the server has
 * said 220 to STARTTLS. The server hears everything in clear. */
#ifndef POSTINO_TESTS_NETXDUO_RELAY_H
#define POSTINO_TESTS_NETXDUO_RELAY_H

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>

#include "scripted.h"

struct relay {
    int listener;
    UINT port;
    pthread_t thread;
    SSL_CTX *context;
    bool implicit;
    bool orderly;          /* the device said close_notify on the last connection */
    bool asked;            /* for STARTTLS, and not answered yet */
    char server_name[128]; /* of the last SNI */
};

/* Whom a certificate is for, and from when until when, in days from now. */
struct subject {
    const char *common;
    const char *names; /* NULL: none */
    long from, until;
    const char *uses; /* NULL: any */
    bool is_authority;
};

struct pki {
    EVP_PKEY *key;
    X509 *authority, *middle, *certificate;
    UCHAR der[2048]; /* of the authority */
    int der_length;
};

static struct relay relay;
static struct pki pki;

static inline X509 *issue(EVP_PKEY *key, X509 *issuer, struct subject subject)
{
    static long serial = 1;
    X509 *made = X509_new();
    X509V3_CTX context;
    X509_set_version(made, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made), serial++);
    X509_gmtime_adj(X509_getm_notBefore(made), subject.from * 86400);
    X509_gmtime_adj(X509_getm_notAfter(made), subject.until * 86400);
    X509_set_pubkey(made, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_ASC, (const unsigned char *)subject.common,
                               -1, -1, 0);
    X509_set_issuer_name(made, X509_get_subject_name(issuer ? issuer : made));
    X509V3_set_ctx(&context, issuer ? issuer : made, made, NULL, NULL, 0);
    const char *const texts[][2] = {
        {"basicConstraints", subject.is_authority ? "critical,CA:TRUE" : "critical,CA:FALSE"},
        {"subjectAltName", subject.names},
        {"extendedKeyUsage", subject.uses}};
    for (size_t i = 0; i < 3; i++) {
        X509_EXTENSION *extension = texts[i][1] ? X509V3_EXT_conf(NULL, &context, texts[i][0], texts[i][1]) : NULL;
        if (extension)
            X509_add_ext(made, extension, -1);
        X509_EXTENSION_free(extension);
    }
    CHECK(X509_sign(made, key, EVP_sha256()) > 0);
    return made;
}

/* With one in the middle unless its name is NULL. */
static inline void pki_make(struct subject subject, struct subject middle)
{
    pki.key = EVP_EC_gen("P-256");
    pki.authority = issue(pki.key, NULL, (struct subject){"authority", NULL, -1000, 1000, NULL, true});
    pki.middle = middle.common ? issue(pki.key, pki.authority, middle) : NULL;
    pki.certificate = issue(pki.key, pki.middle ? pki.middle : pki.authority, subject);
    UCHAR *at = pki.der;
    pki.der_length = i2d_X509(pki.authority, &at);
    CHECK(pki.der_length > 0 && pki.der_length < (int)sizeof pki.der);
}

static inline void pki_free(void)
{
    X509_free(pki.authority);
    X509_free(pki.middle);
    X509_free(pki.certificate);
    EVP_PKEY_free(pki.key);
}

static inline int note_name(SSL *connection, int *alert, void *argument)
{
    const char *name = SSL_get_servername(connection, TLSEXT_NAMETYPE_host_name);
    (void)alert;
    (void)argument;
    snprintf(relay.server_name, sizeof relay.server_name, "%s", name ? name : "");
    return SSL_TLSEXT_ERR_OK;
}

/* Returns false at the end of either side. */
static inline bool pass_on(struct relay *r, int device_fd, int server_fd, SSL **connection)
{
    static const char word[] = "STARTTLS\r\n";
    char octets[4096];
    bool waiting = *connection && SSL_pending(*connection);
    struct pollfd ready[] = {{device_fd, POLLIN, 0}, {server_fd, POLLIN, 0}};
    if (!waiting)
        poll(ready, 2, -1);
    if (waiting || ready[0].revents) {
        int got =
            *connection ? SSL_read(*connection, octets, sizeof octets) : (int)recv(device_fd, octets, sizeof octets, 0);
        r->orderly = *connection && (SSL_get_shutdown(*connection) & SSL_RECEIVED_SHUTDOWN);
        if (got <= 0)
            return false;
        r->asked = !*connection && got == (int)sizeof word - 1 && !memcmp(octets, word, sizeof word - 1);
        send(server_fd, octets, (size_t)got, MSG_NOSIGNAL);
    }
    if (!ready[1].revents)
        return true;
    ssize_t got = recv(server_fd, octets, sizeof octets, 0);
    if (got <= 0)
        return false;
    if (*connection)
        return SSL_write(*connection, octets, (int)got) > 0;
    send(device_fd, octets, (size_t)got, MSG_NOSIGNAL);
    if (r->asked && !strncmp(octets, "220", 3)) {
        r->asked = false;
        *connection = SSL_new(r->context);
        SSL_set_fd(*connection, device_fd);
        return SSL_accept(*connection) == 1;
    }
    return true;
}

static inline void *relay_serve(void *argument)
{
    struct relay *r = argument;
    for (;;) {
        int device_fd = accept(r->listener, NULL, NULL), server_fd = socket(AF_INET, SOCK_STREAM, 0);
        SSL *connection = NULL;
        r->asked = false;
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)server.port)};
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (device_fd < 0) {
            close(server_fd);
            return NULL;
        }
        bool going = connect(server_fd, (struct sockaddr *)&address, sizeof address) == 0;
        if (r->implicit) {
            connection = SSL_new(r->context);
            SSL_set_fd(connection, device_fd);
            going = going && SSL_accept(connection) == 1;
        }
        while (going && pass_on(r, device_fd, server_fd, &connection))
            continue;
        SSL_free(connection);
        ERR_clear_error();
        close(device_fd);
        close(server_fd);
    }
}

static inline void relay_start(bool implicit)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    memset(&relay, 0, sizeof relay);
    relay.implicit = implicit;
    relay.context = SSL_CTX_new(TLS_server_method());
    CHECK(SSL_CTX_use_certificate(relay.context, pki.certificate) == 1 &&
          SSL_CTX_use_PrivateKey(relay.context, pki.key) == 1 &&
          (!pki.middle || SSL_CTX_add1_chain_cert(relay.context, pki.middle) == 1));
    SSL_CTX_set_tlsext_servername_callback(relay.context, note_name);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    relay.listener = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(bind(relay.listener, (struct sockaddr *)&address, sizeof address) == 0 && listen(relay.listener, 16) == 0);
    CHECK(getsockname(relay.listener, (struct sockaddr *)&address, &size) == 0);
    relay.port = ntohs(address.sin_port);
    CHECK(pthread_create(&relay.thread, NULL, relay_serve, &relay) == 0);
}

static inline void relay_stop(void)
{
    shutdown(relay.listener, SHUT_RDWR);
    pthread_join(relay.thread, NULL);
    close(relay.listener);
    SSL_CTX_free(relay.context);
    pki_free();
}

#endif
