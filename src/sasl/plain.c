/* PLAIN (4616): identity NUL user NUL password. */
#include "internal.h"

static void respond(const struct postino_sasl *sasl, unsigned round, struct postino_base64 *base64)
{
    (void)round;
    if (sasl->identity)
        postino_base64_put_text(base64, sasl->identity);
    postino_base64_put(base64, '\0');
    postino_base64_put_text(base64, sasl->user);
    postino_base64_put(base64, '\0');
    postino_base64_put_text(base64, sasl->password);
}

const struct postino_mechanism postino_plain = {"PLAIN", 1, true, respond};
