/* Cryptography that is none: it mixes, costs little and gives the same everywhere. To the engine it is as opaque as any
 * other. Calls must come in pairs, and one can be made to fail. */
#ifndef POSTINO_FUZZ_MIXING_H
#define POSTINO_FUZZ_MIXING_H

#include <postino/crypto.h>

#define MIXING_PASSWORD "p\xC3\xA4ss,=word" /* the only one that is stretched */

extern const struct postino_crypto mixing_crypto;
extern unsigned mixing_calls, mixing_fails_at; /* the call that fails, from 1; 0: none */

size_t mixing_length(enum postino_hash hash); /* of a digest */

#endif
