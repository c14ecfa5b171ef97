/* Mechanisms of GNU SASL. */
#include <gsasl.h>
#include <postino/gsasl.h>
#include <stdio.h>
#include <string.h>

static bool fail(struct postino_gsasl *gsasl, int why)
{
    snprintf(gsasl->problem, sizeof gsasl->problem, "GNU SASL: %s", gsasl_strerror(why));
    gsasl->provider.problem = gsasl->problem;
    return false;
}

static void forget_response(struct postino_gsasl *gsasl)
{
    struct postino_provider *provider = &gsasl->provider;
    if (gsasl->made) {
        postino_wipe(gsasl->made, provider->length);
        gsasl_free(gsasl->made);
    }
    gsasl->made = NULL;
    provider->response = "";
    provider->length = 0;
}

/* GNU SASL has a copy of its own, which it gives back as it is. */
static void wipe_password(struct postino_gsasl *gsasl)
{
    char *copy = gsasl->session ? (char *)gsasl_property_fast(gsasl->session, GSASL_PASSWORD) : NULL;
    if (copy)
        postino_wipe(copy, strlen(copy));
}

static void end(struct postino_gsasl *gsasl)
{
    forget_response(gsasl);
    wipe_password(gsasl);
    if (gsasl->session)
        gsasl_finish(gsasl->session);
    gsasl->session = NULL;
    gsasl->provider.done = false;
    gsasl->provider.problem = NULL;
}

static int introduce(struct postino_gsasl *gsasl, const struct postino_sasl *sasl)
{
    const struct {
        Gsasl_property property;
        const char *text;
    } known[] = {
        {GSASL_SERVICE, "smtp"},          {GSASL_HOSTNAME, gsasl->provider.host}, {GSASL_AUTHID, sasl->user},
        {GSASL_PASSWORD, sasl->password}, {GSASL_AUTHZID, sasl->identity},
    };
    int status = GSASL_OK;
    for (size_t i = 0; status == GSASL_OK && i < sizeof known / sizeof *known; i++)
        if (known[i].text && *known[i].text)
            status = gsasl_property_set(gsasl->session, known[i].property, known[i].text);
    return status;
}

static bool begin(struct postino_provider *provider, const char *mechanism, const struct postino_sasl *sasl)
{
    struct postino_gsasl *gsasl = (struct postino_gsasl *)provider; /* which stands first in it */
    int status = GSASL_OK;
    end(gsasl);
    if (!gsasl->library)
        status = gsasl_init(&gsasl->library);
    if (status == GSASL_OK)
        status = gsasl_client_start(gsasl->library, mechanism, &gsasl->session);
    if (status == GSASL_OK)
        status = introduce(gsasl, sasl);
    return status == GSASL_OK || fail(gsasl, status);
}

static bool step(struct postino_provider *provider, const char *challenge, size_t length)
{
    struct postino_gsasl *gsasl = (struct postino_gsasl *)provider;
    size_t made_length = 0;
    forget_response(gsasl);
    int status = gsasl_step(gsasl->session, challenge, length, &gsasl->made, &made_length);
    if (status != GSASL_OK && status != GSASL_NEEDS_MORE) {
        gsasl->made = NULL;
        return fail(gsasl, status);
    }
    provider->done = status == GSASL_OK;
    if (provider->done)
        wipe_password(gsasl);
    if (gsasl->made) {
        provider->response = gsasl->made;
        provider->length = made_length;
    }
    return true;
}

void postino_gsasl_init(struct postino_gsasl *gsasl)
{
    *gsasl = (struct postino_gsasl){.provider = {.begin = begin, .step = step, .response = ""}};
}

void postino_gsasl_free(struct postino_gsasl *gsasl)
{
    end(gsasl);
    if (gsasl->library)
        gsasl_done(gsasl->library);
    gsasl->library = NULL;
}
