/* ANONYMOUS (4505): a word for the server's log. */
#include "internal.h"

static void respond(const struct postino_sasl *sasl, unsigned round, struct postino_response *response)
{
    (void)round;
    /* Nothing is legal, too; Cyrus SASL does not take it. */
    postino_response_put_text(response, *sasl->user ? sasl->user : "anonymous");
}

const struct postino_mechanism postino_anonymous = {"ANONYMOUS", 1, true, respond, NULL};
