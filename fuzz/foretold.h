/* The client as it should be: each of its lines is foretold from what the server said. */
#ifndef POSTINO_FUZZ_FORETOLD_H
#define POSTINO_FUZZ_FORETOLD_H

#include "scram_server.h"

#include <postino/sasl.h>

struct kind {
    const struct postino_mechanism *mechanism;
    const char *name;
    unsigned rounds;
    bool client_first, scram, plus;
    enum postino_hash hash;
};

extern const struct kind kinds[];
extern const size_t kind_count;

enum option {
    OPTION_INITIAL = 1,
    OPTION_IDENTITY = 2,
    OPTION_LONG_USER = 4,
    OPTION_FAILS = 8, /* one call of the cryptography */
    OPTION_ROOM = 16, /* and the next bit */
    OPTION_DEFAULT_CAP = 64,
    OPTION_NO_TOKEN = 128
};

struct foretold {
    const struct kind *kind;
    unsigned options;
    size_t room; /* for a challenge */
    const void *binding;
    size_t binding_length;
    unsigned rounds; /* responses that were given */
    bool begun, cancelled, proved;
    struct text said; /* by the server since the client's last line */
    struct scram_server server;
};

const char *foretold_user(const struct foretold *client);
const char *foretold_identity(const struct foretold *client); /* or NULL */
bool foretold_has_token(const struct kind *kind);
/* What the client says to the reply that it has heard; false: nothing. */
bool foretell(struct foretold *client, struct text *line);

#endif
