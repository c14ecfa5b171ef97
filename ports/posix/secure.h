/* What a send needs of TLS and SASL: laid out from its URL and options. */
#ifndef POSTINO_PORTS_POSIX_SECURE_H
#define POSTINO_PORTS_POSIX_SECURE_H

#include <postino/posix.h>

enum {
    POSTINO_SECURE_MECHANISMS = 16,
    POSTINO_SECURE_TEXT = 12290 /* a challenge of 12,288 octets (4954 4) */
};

/* Zeroed but for the first three. */
struct postino_secure {
    bool required; /* TLS, and the server verified, whatever the URL says: a mail asks for that (8689) */
    bool once;     /* one mail is sent, so that the password can be forgotten when it was accepted */
    const struct postino_openssl *like; /* see openssl.h */
    struct postino_openssl_options tls_options;
    struct postino_openssl tls;
    bool has_tls;
    struct postino_sasl sasl;
    struct postino_sasl_work work;
    const struct postino_mechanism *mechanisms[POSTINO_SECURE_MECHANISMS + 1];
    char *user; /* prepared */
    char *password;
    char *wipe; /* of the caller's */
};

/* Completes a configuration whose transport is `below`. Returns NULL, or what is wrong with the options, in which case,
 * too, postino_secure_free is to be called. */
const char *postino_secure_prepare(struct postino_secure *secure, const struct postino_url *url,
                                   const struct postino_send_options *options, struct postino_delivery_config *config);
void postino_secure_free(struct postino_secure *secure);

/* mechanisms.c: fills the list from names with commas between them, or with what goes with the credentials. Returns
 * NULL, or what is wrong with `names`. */
const char *postino_secure_choose(struct postino_secure *secure, const struct postino_send_options *options);

/* prepare.c: SASLprep (4013) of what is not ASCII, to be freed. NULL with `*problem` set where it cannot be. */
char *postino_saslprep(const char *text, const char **problem);
/* A host in A-labels (5891). Returns NULL, or what is wrong. */
const char *postino_host_to_ascii(struct postino_url *url);

#endif
