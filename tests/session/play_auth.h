/* Authentication in transcripts: who the client is, and with what its cryptography is fed. */
#ifndef POSTINO_TESTS_PLAY_AUTH_H
#define POSTINO_TESTS_PLAY_AUTH_H

#include <postino/sasl.h>

enum {
    MECHANISMS_MAX = 16
};

/* From `auth`, `user` and the lines beside them. */
struct script_auth {
    const struct postino_mechanism *mechanisms[MECHANISMS_MAX + 1];
    char *user, *password, *identity, *nonce;
    struct postino_binding binding;
    const struct postino_mechanism *unlisted, *unoffered;
    uint32_t iterations_max, slice;
    bool initial_response, in_clear, slices, no_provider;
};

struct play_auth {
    struct postino_sasl sasl;
    struct postino_sasl_work work;
    struct postino_crypto crypto;
    struct postino_provider provider;
    char said[128];
    struct postino_trace trace;
    char trace_buffer[1024];
    char leaked[64]; /* a line of the trace that it should not have had */
};

/* Takes one line of those. Returns false where it is none. */
bool script_auth_read(struct script_auth *auth, const char *first, const char *second);
void script_auth_free(struct script_auth *auth);

/* Lays it into a configuration, whose trace is looked at, too. */
void play_auth_begin(struct play_auth *play, const struct script_auth *auth, struct postino_config *config);

#endif
