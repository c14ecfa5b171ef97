/*
 * GSSAPI, NTLM and DIGEST-MD5 by GNU SASL, for postino_send and for sessions of one's own:
 *
 *     struct postino_gsasl gsasl;
 *     postino_gsasl_init(&gsasl);
 *     struct postino_send_options options = {.mechanisms = "GSSAPI", .provider = &gsasl.provider};
 *
 * Only with a library that was built with POSTINO_GSASL. GSSAPI takes its tickets from where Kerberos keeps them, and
 * may have to ask for one, for which it blocks.
 */
#ifndef POSTINO_GSASL_H
#define POSTINO_GSASL_H

#include <postino/sasl.h>

#ifdef __cplusplus
extern "C" {
#endif

struct postino_gsasl {
    struct postino_provider provider;
    struct Gsasl *library; /* private from here on */
    struct Gsasl_session *session;
    char *made;
    char problem[200];
};

void postino_gsasl_init(struct postino_gsasl *gsasl);

/* Gives back what the exchange took. The struct can be used again. */
void postino_gsasl_free(struct postino_gsasl *gsasl);

#ifdef __cplusplus
}
#endif

#endif
