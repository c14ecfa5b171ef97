/*
 * TLS (8446, 5246) and cryptography by OpenSSL 3, for any transport.
 *
 *     struct postino_openssl_options wanted = {.host = url.host};
 *     struct postino_openssl tls;
 *     if (!postino_openssl_init(&tls, &posix.transport, &wanted))
 *         fprintf(stderr, "%s\n", tls.problem);
 *     config.transport = &tls.transport;         a postino_delivery_config
 *     ...
 *     postino_openssl_free(&tls);
 *
 * It stands between a delivery and the transport below: octets pass it as they are until `secure` is asked for. TLS 1.2
 * and 1.3, never early data, never renegotiation. The server is who it says when its certificate chains to a trusted
 * one and names the host in a subjectAltName (9525): no common name, no wildcard but a whole first label; an address is
 * held against entries of addresses. OpenSSL's security level is 2: keys of 2,048 bits of RSA at least.
 */
#ifndef POSTINO_OPENSSL_H
#define POSTINO_OPENSSL_H

#include <postino/crypto.h>
#include <postino/deliver.h>

#ifdef __cplusplus
extern "C" {
#endif

extern const struct postino_crypto postino_openssl_crypto;

/* Zeroed but for `host` it is the safe choice. Strings are borrowed. */
struct postino_openssl_options {
    const char *host; /* whom the certificate must name: a domain name in A-labels, or an address in numbers */

    /* Any certificate will do: opportunistic TLS (7435), which somebody in between can break. */
    bool unverified;

    const char *ca_file; /* trusted certificates in PEM; NULL: those of the system */

    /* Digests of public keys, "sha256:" and 64 hexadecimal digits or 44 of base64, NULL at the end: the server is who
     * has one of these keys, whoever issued the certificate, and whatever name and dates it bears (as 7671 3.1.1).
     * NULL: none. */
    const char *const *pins;

    /* Below TLS 1.3, where there is no tls-exporter, SCRAM-…-PLUS is bound by tls-server-end-point (5929 4). There are
     * servers that offer -PLUS and do not know it. */
    bool bind_by_certificate;

    const char *certificate_file; /* of our own, with its chain, in PEM; NULL: none */
    const char *key_file;         /* in PEM; NULL: in certificate_file */

    /* Where a session is kept to be resumed: a file that nobody else may read. One that is for other options is not
     * used. NULL: none is kept. */
    const char *session_file;

    /* Another that has the same options, and lives as long: what it has read is not read again. NULL: none. */
    const struct postino_openssl *like;
};

struct postino_openssl {
    struct postino_transport transport; /* first */
    struct postino_transport *below;
    const struct postino_openssl_options *options;
    void *context; /* OpenSSL's */
    void *connection;
    void *method;
    bool stands;
    bool resumed;
    char problem[800]; /* why it could not be, for people */
    char summary[400]; /* once it stands: protocol, cipher, whose certificate, verified or not */
    char name[256];    /* the host without a trailing dot */
    uint32_t reads;    /* of the transport below in one call */
    bool dry;          /* the last of them brought nothing */
};

/* Reads the files that the options name. False: `problem` says which one is wrong; nothing needs to be freed. */
bool postino_openssl_init(struct postino_openssl *tls, struct postino_transport *below,
                          const struct postino_openssl_options *options);
void postino_openssl_free(struct postino_openssl *tls);

#ifdef __cplusplus
}
#endif

#endif
