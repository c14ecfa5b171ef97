/* Mechanisms that a provider computes: GSSAPI (4752), NTLM, DIGEST-MD5 (2831). Here is only how their words are
 * carried. */
#include "internal.h"

static bool ready(struct postino_session *s)
{
    const struct postino_sasl *sasl = s->config->sasl;
    struct postino_provider *provider = sasl->provider;
    return provider && provider->begin(provider, sasl->chosen->name, sasl) &&
           (!sasl->chosen->client_first || provider->step(provider, NULL, 0));
}

static bool heard(struct postino_session *s, unsigned round)
{
    const struct postino_sasl *sasl = s->config->sasl;
    size_t length;
    if (s->code != 334) /* who speaks of success before the mechanism does proves nothing */
        return sasl->provider->done;
    if (round == 0 && sasl->chosen->client_first) /* it is only asked for what is there already */
        return true;
    const char *challenge = postino_challenge_of(s, &length);
    return challenge && sasl->provider->step(sasl->provider, challenge, length);
}

static void respond(const struct postino_sasl *sasl, unsigned round, struct postino_response *response)
{
    (void)round;
    for (size_t i = 0; i < sasl->provider->length; i++)
        postino_response_put(response, sasl->provider->response[i]);
}

static const struct postino_challenged provided = {ready, heard, NULL};
const struct postino_mechanism postino_gssapi = {"GSSAPI", 8, true, respond, &provided};
const struct postino_mechanism postino_ntlm = {"NTLM", 2, true, respond, &provided};
const struct postino_mechanism postino_digest_md5 = {"DIGEST-MD5", 2, false, respond, &provided};
