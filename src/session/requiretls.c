/* REQUIRETLS (8689): the mail goes over TLS on its whole way, or not at all. */
#include "internal.h"

#include <postino/parameters.h>

static enum postino_reason fits(struct postino_session *s, struct postino_mail *mail)
{
    if (!mail->parameters || !mail->parameters->require_tls)
        return POSTINO_REASON_REPLY;
    if (!s->secured)
        return POSTINO_REASON_NO_TLS;
    if (s->config->unverified)
        return POSTINO_REASON_CERTIFICATE;
    return s->offers & POSTINO_OFFERS_REQUIRETLS ? POSTINO_REASON_REPLY : POSTINO_REASON_NO_REQUIRETLS;
}

static void put(const struct postino_session *s, struct postino_writer *w)
{
    const struct postino_mail *mail = s->spoken.mail;
    if (s->spoken.step == POSTINO_STEP_MAIL && mail->parameters && mail->parameters->require_tls)
        postino_command_put(w, " REQUIRETLS");
}

const struct postino_extension postino_requiretls = {{"REQUIRETLS", POSTINO_OFFERS_REQUIRETLS, NULL}, fits, put};
