/* What a mechanism is to AUTH. */
#ifndef POSTINO_SASL_INTERNAL_H
#define POSTINO_SASL_INTERNAL_H

#include "../session/internal.h"

#include <postino/sasl.h>

/* A 1 in front of octets that there are none of. */
#define POSTINO_RESPONSE_EMPTY 1u

/* Octets on their way into base64 (4648 4), without a table: the time does not tell what they are. */
struct postino_response {
    struct postino_writer *writer;
    uint32_t bits; /* a 1 and the octets: so it tells how many they are */
};

void postino_response_put(struct postino_response *response, char octet);
void postino_response_put_text(struct postino_response *response, const char *text);
void postino_response_end(struct postino_response *response); /* with what padding it needs */

/* A mechanism that has to do with more than its own words, for postino_auth. Each call may be NULL. */
struct postino_challenged {
    /* Can it be used here and now? Prepares it. */
    bool (*ready)(struct postino_session *session);
    /* Hears 334 with a challenge, of which `round` have come before, or 235. Returns whether it can go on with that;
     * `held` of the session is POSTINO_NEED_TIME where it cannot yet. */
    bool (*heard)(struct postino_session *session, unsigned round);
    /* Takes a slice of that time; returns whether it was enough. */
    bool (*works)(struct postino_session *session);
};

struct postino_mechanism {
    const char *name;  /* in capitals */
    uint8_t rounds;    /* responses that it has */
    bool client_first; /* the first needs no challenge */
    void (*respond)(const struct postino_sasl *sasl, unsigned round, struct postino_response *response);
    const struct postino_challenged *challenged; /* or NULL: then postino_auth_basic serves, too */
};

/* For `round`, behind the rounds of any mechanism: the next word is "*". */
#define POSTINO_AUTH_CANCELLED 0xFFu

/* Puts response number `round`. */
static inline void postino_auth_put_response(const struct postino_sasl *sasl, unsigned round, struct postino_writer *w)
{
    struct postino_response response = {w, POSTINO_RESPONSE_EMPTY};
    if (round >= sasl->chosen->rounds) { /* the server asks for more than there is (4954 4) */
        postino_command_put(w, "*");
    } else if (w->masked) {
        postino_command_put(w, "***");
    } else {
        sasl->chosen->respond(sasl, round, &response);
        postino_response_end(&response);
    }
}

/* challenge.c: decodes base64 (4648 4) in place, strictly, NUL behind it. Returns the length, or -1. */
ptrdiff_t postino_challenge_decode(char *text);
/* The challenge in config.text, decoded there; NULL: it is no base64, or did not fit. */
char *postino_challenge_of(struct postino_session *session, size_t *length);

/* saslname.c: what stands for an octet of a user name or an identity; NULL: itself. */
const char *postino_saslname_escape(char octet);

#endif
