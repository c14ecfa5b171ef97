/* LOGIN: the user name, then the password, whatever the prompts say. */
#include "internal.h"

static void respond(const struct postino_sasl *sasl, unsigned round, struct postino_response *response)
{
    postino_response_put_text(response, round == 0 ? sasl->user : sasl->password);
}

const struct postino_mechanism postino_login = {"LOGIN", 2, false, respond, NULL};
