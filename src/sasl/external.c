/* EXTERNAL (4422 A): the server knows from TLS who we are; the response says at most who we want to be. */
#include "internal.h"

static bool ready(struct postino_session *s)
{
    return s->secured;
}

static void respond(const struct postino_sasl *sasl, unsigned round, struct postino_response *response)
{
    (void)round;
    if (sasl->identity)
        postino_response_put_text(response, sasl->identity);
}

static const struct postino_challenged challenged = {ready, NULL, NULL};
const struct postino_mechanism postino_external = {"EXTERNAL", 1, true, respond, &challenged};
