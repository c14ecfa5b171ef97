/*
 * Authentication (4954): who we are, and by which mechanisms we may say so.
 *
 *     struct postino_sasl sasl = {.mechanisms = mechanisms, .user = "ada", .password = secret};
 *     struct postino_config config = {..., .opening = {&postino_starttls_required, &postino_auth}, .sasl = &sasl};
 *
 * Where there is a `sasl`, mail is sent only once the server has accepted it: AUTH that is not offered, or refused,
 * ends the session. AUTH is spoken in TLS only, unless `in_clear` permits otherwise. Credentials are never traced.
 *
 * The list of mechanisms is the floor: what does not stand in it is never spoken, whatever a server offers. The next
 * one of it is tried only where the server said 504 to the one before, which is before a credential was of use to it.
 *
 * The structs and what they point at are borrowed until the session is closed; one belongs to one session at a time.
 */
#ifndef POSTINO_SASL_H
#define POSTINO_SASL_H

#include <postino/crypto.h>
#include <postino/session.h>

#ifdef __cplusplus
extern "C" {
#endif

struct postino_mechanism;
struct postino_writer;

extern const struct postino_mechanism postino_plain;     /* 4616 */
extern const struct postino_mechanism postino_login;     /* user name and password, each asked for; in no RFC */
extern const struct postino_mechanism postino_external;  /* 4422 A: who TLS says that we are; `identity`, or none */
extern const struct postino_mechanism postino_anonymous; /* 4505: `user` is the trace information */

/* With `password` as the token, of any length. */
extern const struct postino_mechanism postino_xoauth2;     /* of Google and Microsoft */
extern const struct postino_mechanism postino_oauthbearer; /* 7628 */

/* With `work`, and config.text for the challenge: one that does not fit there is cancelled. Hosts give 12,290 octets
 * (4954 4), 256 serve where the server is known. */
extern const struct postino_mechanism postino_cram_md5;     /* 2195 */
extern const struct postino_mechanism postino_scram_sha1;   /* 5802 */
extern const struct postino_mechanism postino_scram_sha256; /* 7677 */
/* Bound to the TLS connection; spoken where `work` has a binding. */
extern const struct postino_mechanism postino_scram_sha1_plus;
extern const struct postino_mechanism postino_scram_sha256_plus;

/* Computed by a provider (`provider` of struct postino_sasl), with config.text for the challenge. */
extern const struct postino_mechanism postino_gssapi;     /* 4752 */
extern const struct postino_mechanism postino_ntlm;       /* of Microsoft */
extern const struct postino_mechanism postino_digest_md5; /* 2831; historic since 6331 */

/* Who computes mechanisms that are not ours, such as GNU SASL (postino/gsasl.h). One at a time, for one session. */
struct postino_provider {
    /* Begins an exchange by this mechanism, in place of the one before, with who `sasl` says that we are. False: it
     * cannot be used here. */
    bool (*begin)(struct postino_provider *provider, const char *mechanism, const struct postino_sasl *sasl);

    /* Takes a challenge (NULL: the client begins) and sets `response`, `length` and `done`. False: the exchange is
     * over, the server is not who it should be, or says what it may not. */
    bool (*step)(struct postino_provider *provider, const char *challenge, size_t length);

    const char *host;     /* the server's, for its name in the mechanism */
    const char *problem;  /* why a call was false; or NULL */
    const char *response; /* the provider's, until the next call */
    size_t length;
    bool done; /* nothing but the server's 235 is wanting */
};

/* What binds an authentication to the TLS connection under it (5056). */
struct postino_binding {
    const char *type; /* "tls-exporter" (9266), "tls-server-end-point" (5929 4); NULL: none is to be had */
    uint8_t octets[64];
    size_t length;
};

/* What mechanisms that answer challenges work with. */
struct postino_sasl_work {
    const struct postino_crypto *crypto;
    struct postino_binding binding;
    uint32_t iterations_max; /* of SCRAM that a server may ask for; 0: 100,000. Less than 4,096 is refused (7677 4) */

    /* Iterations in one call of postino_session_output, where the port does not do all in one; 0: 64. In between the
     * session needs POSTINO_NEED_TIME. */
    uint32_t slice;

    const char *challenge; /* private from here on */
    struct postino_hmac hmac;
    uint32_t iterations;
    bool proved;
    char nonce[25];
    uint8_t salted[POSTINO_DIGEST_MAX];
    uint8_t round[POSTINO_DIGEST_MAX];
    uint8_t proof[POSTINO_DIGEST_MAX];
    uint8_t signature[POSTINO_DIGEST_MAX];
};

struct postino_sasl {
    /* Those that may be used, the preferred one first, NULL at the end; at most 32. */
    const struct postino_mechanism *const *mechanisms;

    bool in_clear; /* without TLS, too */
    uint8_t round; /* private; it stands where instructions that reach it are short */

    const char *identity; /* authorization identity, or NULL: none is said, the server derives it (4616 2) */
    const char *user;
    const char *password;           /* or token */
    struct postino_sasl_work *work; /* NULL: mechanisms with challenges are not used */

    struct postino_provider *provider; /* NULL: mechanisms that are computed by one are not used */

    /* NULL, or called when a token is to be spoken, to set `password`. False: there is none now, and the mechanism is
     * not used. */
    bool (*fetch)(struct postino_sasl *sasl);

    /* NULL, or called once the server has accepted who we are: this connection needs no secret any more. */
    void (*accepted)(struct postino_sasl *sasl);

    /* With &postino_auth. &postino_initial_response: the first response goes with AUTH where the mechanism has one to
     * begin with and the line stays within 512 octets, which is a round trip less (4954 4). NULL: for servers whose
     * words are counted. */
    bool (*initial_response)(const struct postino_sasl *sasl, struct postino_writer *writer);

    /* For servers that do not say what they take. Tried where AUTH is offered with no mechanism that is known, and
     * where it is not offered at all. NULL: the session ends. */
    const struct postino_mechanism *unlisted;
    const struct postino_mechanism *unoffered;

    const struct postino_mechanism *chosen; /* private from here on */
    uint32_t offered;
    bool plus_missing;
};

bool postino_initial_response(const struct postino_sasl *sasl, struct postino_writer *writer);

/* Computes for a while: the answer to POSTINO_NEED_TIME. */
void postino_sasl_compute(struct postino_session *session);

#ifdef __cplusplus
}
#endif

#endif
