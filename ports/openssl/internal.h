/* What the files of this port share. */
#ifndef POSTINO_PORTS_OPENSSL_INTERNAL_H
#define POSTINO_PORTS_OPENSSL_INTERNAL_H

#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <postino/openssl.h>

static inline struct postino_openssl *postino_openssl_of(struct postino_transport *transport)
{
    return (struct postino_openssl *)transport;
}

static inline SSL *postino_openssl_connection(const struct postino_openssl *tls)
{
    return tls->connection;
}

/* below.c: the transport below as a BIO. */
BIO *postino_openssl_below(struct postino_openssl *tls);

/* trust.c */
/* Lays down whom to trust, and who we are. False: tls->problem. */
bool postino_openssl_trust(struct postino_openssl *tls);
/* Whom this connection must be to. */
bool postino_openssl_expect(struct postino_openssl *tls);
/* Behind a handshake: is the server who it is to be? False: tls->problem. */
bool postino_openssl_is_trusted(struct postino_openssl *tls);
bool postino_openssl_pins_valid(struct postino_openssl *tls);

/* explain.c: why a handshake failed, and what came of one that did not. */
void postino_openssl_explain(struct postino_openssl *tls);
/* `certificate` may be NULL. */
void postino_openssl_explain_certificate(struct postino_openssl *tls, X509 *certificate, const char *why);
void postino_openssl_summarise(struct postino_openssl *tls);

/* session.c: keeps sessions in a file, and takes them from it. */
bool postino_openssl_session_check(struct postino_openssl *tls);
void postino_openssl_session_begin(struct postino_openssl *tls);
void postino_openssl_session_keep(struct postino_openssl *tls);

#endif
