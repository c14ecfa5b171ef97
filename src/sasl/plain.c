/* PLAIN (4616): identity NUL user NUL password. */
#include "internal.h"

static void respond(const struct postino_sasl *sasl, unsigned round, struct postino_response *response)
{
    (void)round;
    if (sasl->identity)
        postino_response_put_text(response, sasl->identity);
    postino_response_put(response, '\0');
    postino_response_put_text(response, sasl->user);
    postino_response_put(response, '\0');
    postino_response_put_text(response, sasl->password);
}

const struct postino_mechanism postino_plain = {"PLAIN", 1, true, respond, NULL};
