/* Mechanisms of authentication beyond our own: those of GNU SASL, where the program is built with it. */
#include "tool.h"

#ifdef POSTINO_GSASL
#include <postino/gsasl.h>

static struct postino_gsasl gsasl;

struct postino_provider *postino_provider_open(void)
{
    postino_gsasl_init(&gsasl);
    return &gsasl.provider;
}

void postino_provider_close(void)
{
    postino_gsasl_free(&gsasl);
}
#else
struct postino_provider *postino_provider_open(void)
{
    return NULL;
}

void postino_provider_close(void)
{
}
#endif
