/*
 * A server and a caller that do what the input says, in one of the worlds of tests/session. What must hold is written
 * at the top of tests/session/explore.c, and is checked after each step.
 */
#include "explore.h"
#include "reference.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct reference reference;

static void demand(const char *why)
{
    if (!why || !*why)
        return;
    fprintf(stderr, "%s, in the world %s\n", why, world.kind->name);
    abort();
}

static void hear(const char *octets, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned code = reference_hear(&reference, octets[i]);
        bool partial = reference.lines || reference.length;
        demand(explore_hear(octets + i, 1, &code, code != REFERENCE_NOTHING, partial));
    }
}

static void hear_usual(unsigned which)
{
    static const char *const replies[] = {
        "220 x\r\n",
        "250 x\r\n",
        "354 x\r\n",
        "250-x\r\n250-PIPELINING\r\n250-SIZE 9\r\n250 STARTTLS\r\n",
        "250 y\r\n",
        "550 5.1.1 n\n",
        "450 n\r\n",
        "421 n\r\n",
        "503 n\r\n",
        "552 n\r\n",
        "251 n\r\n",
        "221 n\r\n",
        "500 n\r\n",
        "250-a\n250\n",
        "250 2",
        "x\r\n",
        "250-x\r\n250-AUTH=LOGIN\r\n250-STARTTLS\r\n250 AUTH FAKE PLAIN\r\n",
        "334 a\r\n",
        "334 b\r\n",
        "235 y\r\n",
        "504 n\r\n",
        "535 n\r\n",
    };
    const char *reply = replies[which % (sizeof replies / sizeof *replies)];
    hear(reply, strlen(reply));
}

/* Returns whether the connection still stands. */
static bool step(unsigned op)
{
    static const int actions[] = {ACTION_SPEAK, ACTION_SPEAK_5, ACTION_SUBMIT, ACTION_QUIT, ACTION_SECURED};
    if (op % 8 < 5) {
        demand(explore_apply(actions[op % 8]));
        demand(explore_apply(ACTION_WORK)); /* where that is what it needs */
        return true;
    }
    if (op % 8 == 7) {
        size_t most = world.partial ? 0 : world.monitor.total - world.monitor.answered;
        demand(explore_lose(op & 8 ? POSTINO_REASON_LOST : POSTINO_REASON_TIMEOUT, op / 16 < most ? op / 16 : most));
        return false;
    }
    hear_usual(op / 8);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > POSTINO_REPLY_LINE_MAX) /* which depends on the step, and is held by fuzz/reply */
        return 0;
    memset(&reference, 0, sizeof reference);
    world_make(&world_kinds[data[0] % world_kind_count]);
    for (size_t i = 1; i < size; i++) {
        if (data[i] % 8 == 5) { /* octets of the input */
            size_t length = data[i] / 8u + 1;
            length = length < size - i - 1 ? length : size - i - 1;
            hear((const char *)data + i + 1, length);
            i += length;
        } else if (!step(data[i])) {
            return 0;
        }
    }
    demand(explore_lose(POSTINO_REASON_LOST, 0));
    return 0;
}
