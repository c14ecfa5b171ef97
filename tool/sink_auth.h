/*
 * What the SASL side of the sink shares (RFC 4422, RFC 4954). It is written over OpenSSL alone: it judges the client's
 * own SASL.
 */
#ifndef POSTINO_TOOL_SINK_AUTH_H
#define POSTINO_TOOL_SINK_AUTH_H

#include "sink_server.h"

#define SINK_SALT_SIZE 16

/* What a mechanism needs to be offered. */
enum sink_need {
    SINK_NEEDS_PASSWORDS = 1 << 0,
    SINK_NEEDS_TOKENS = 1 << 1,
    SINK_NEEDS_TLS = 1 << 2,
    SINK_NEEDS_CLIENT_CA = 1 << 3,
    SINK_NEEDS_ANONYMOUS = 1 << 4
};

/* `begin` writes the first challenge of a mechanism whose server speaks first; `take` hears a response, as often as it
 * answers SINK_SAY_CHALLENGE. */
struct postino_sink_mechanism {
    const char *name;
    unsigned needs;
    const char *digest; /* SCRAM's */
    enum postino_sink_reply (*begin)(struct postino_sink_peer *peer);
    enum postino_sink_reply (*take)(struct postino_sink_peer *peer, struct postino_sink_text response);
};

struct postino_sink_scram {
    char *header; /* gs2-header */
    char *bare;   /* client-first-message-bare */
    char *first;  /* server-first-message */
    char *nonce;
    const char *password; /* NULL: nobody has that name */
    unsigned char salt[SINK_SALT_SIZE];
    unsigned char binding[SINK_BINDING_SIZE];
    size_t binding_length;
};

/* An exchange. It stays until the next one or the end of the connection: a delayed reply may point into it. */
struct postino_sink_auth {
    const struct postino_sink_mechanism *mechanism; /* NULL: whatever comes is refused */
    unsigned round;                                 /* responses heard before */
    char *response;                                 /* decoded, and a NUL behind it */
    char *line;                                     /* the challenge, as it is said */
    size_t line_length;
    char *name;         /* who is to be authenticated */
    char challenge[64]; /* CRAM-MD5's */
    struct postino_sink_scram scram;
};

/* sink_auth.c: writes the challenge. */
enum postino_sink_reply postino_sink_challenge(struct postino_sink_auth *auth, const void *octets, size_t length);
enum postino_sink_reply postino_sink_named(struct postino_sink_auth *auth, const char *name, size_t length);

/* sink_accounts.c */
const char *postino_sink_password(const struct postino_sink *sink, const char *name);
const char *postino_sink_token_owner(const struct postino_sink *sink, const char *name, struct postino_sink_text token);
const struct postino_sink_mechanism *postino_sink_mechanism(const struct postino_sink *sink, bool tls,
                                                            struct postino_sink_text name);
bool postino_sink_auth_allowed(const struct postino_sink *sink, bool tls);
bool postino_sink_same(const char *secret, struct postino_sink_text given);

/* sink_base64.c: as RFC 4648 3 to 4 has it, and nothing else. Returned text is to be freed; NULL without memory, or
 * where it is no base64. */
char *postino_sink_base64(const void *octets, size_t length, size_t *encoded);
char *postino_sink_base64_decode(struct postino_sink_text text, size_t *decoded);

/* sink_mechanisms.c */
extern const struct postino_sink_mechanism postino_sink_mechanisms[];

/* sink_scram.c */
enum postino_sink_reply postino_sink_scram(struct postino_sink_peer *peer, struct postino_sink_text response);
void postino_sink_scram_free(struct postino_sink_scram *scram);
bool postino_sink_saslname(char *name);

#endif
