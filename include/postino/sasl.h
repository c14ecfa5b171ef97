/*
 * Authentication (4954): who we are, and by which mechanisms we may say so.
 *
 *     struct postino_sasl sasl = {.mechanisms = mechanisms, .user = "ada", .password = secret};
 *     struct postino_config config = {..., .opening = {&postino_starttls_required, &postino_auth}, .sasl = &sasl};
 *
 * Where there is a `sasl`, mail is sent only once the server has accepted it: AUTH that is not offered, or refused,
 * ends the session. AUTH is spoken in TLS only, unless `in_clear` permits otherwise. Credentials are never traced.
 *
 * The struct and what it points at are borrowed until the session is closed; one belongs to one session at a time.
 */
#ifndef POSTINO_SASL_H
#define POSTINO_SASL_H

#include <postino/session.h>

#ifdef __cplusplus
extern "C" {
#endif

struct postino_mechanism;
extern const struct postino_mechanism postino_plain; /* 4616 */
extern const struct postino_mechanism
    postino_login; /* user name and password, each asked for; in no RFC, but everywhere */

struct postino_sasl {
    /* Those that may be used, the preferred one first, NULL at the end; at most 32. */
    const struct postino_mechanism *const *mechanisms;

    const char *identity; /* authorization identity of PLAIN, or NULL: none is said, the server derives it (4616 2) */
    const char *user;
    const char *password;

    bool in_clear; /* without TLS, too */

    /* The first response goes with AUTH where the mechanism has one to begin with: a round trip less (4954 4). Not with
     * servers whose words are counted. */
    bool initial_response;

    /* For servers that do not say what they take. Tried where AUTH is offered with no mechanism that is known, and
     * where it is not offered at all. NULL: the session ends. */
    const struct postino_mechanism *unlisted;
    const struct postino_mechanism *unoffered;

    const struct postino_mechanism *chosen; /* private from here on */
    uint32_t candidates;
    uint32_t best;
    uint8_t position;
    uint8_t round;
    bool cancelled;
};

#ifdef __cplusplus
}
#endif

#endif
