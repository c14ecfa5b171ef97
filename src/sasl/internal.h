/* What a mechanism is to AUTH. */
#ifndef POSTINO_SASL_INTERNAL_H
#define POSTINO_SASL_INTERNAL_H

#include "../session/internal.h"

#include <postino/sasl.h>

/* Octets on their way into base64 (4648 4), without a table: the time does not tell what they are. */
struct postino_response {
    struct postino_writer *writer;
    uint32_t bits;
    uint8_t count;
};

void postino_response_put(struct postino_response *response, char octet);
void postino_response_put_text(struct postino_response *response, const char *text);
void postino_response_end(struct postino_response *response); /* with what padding it needs */

struct postino_mechanism {
    char name[12];
    uint8_t rounds;    /* responses that it has */
    bool client_first; /* the first needs no challenge */
    void (*respond)(const struct postino_sasl *sasl, unsigned round, struct postino_response *response);
};

#endif
