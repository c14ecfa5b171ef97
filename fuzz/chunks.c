/*
 * Mails by BDAT to a server that refuses and dies where the input says: no outcome may be a lie, and what is delivered
 * is what was sent (tests/session/chunk_world.c).
 */
#include "chunk_world.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    chance(data, size, 1);
    const char *wrong = play_by_chance();
    if (!wrong)
        return 0;
    fprintf(stderr, "%s\n", wrong);
    abort();
}
