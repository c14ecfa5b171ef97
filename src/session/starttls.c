/* STARTTLS (3207): the step between two EHLOs. */
#include "internal.h"

static void hello_answered(struct postino_session *s, enum postino_verdict verdict)
{
    if (s->secured)
        return;
    if (verdict == POSTINO_VERDICT_ACCEPTED && s->offers & POSTINO_OFFERS_STARTTLS)
        s->spoken.step = POSTINO_STEP_STARTTLS;
    else if (s->config->starttls->required && !s->failed)
        postino_flow_refuse(s, POSTINO_VERDICT_FOR_GOOD, POSTINO_REASON_NO_TLS);
}

static void answered(struct postino_session *s, enum postino_verdict verdict)
{
    if (verdict == POSTINO_VERDICT_ACCEPTED) {
        s->handshake = true;
        s->spoken.step = POSTINO_STEP_EHLO;
    } else if (s->config->starttls->required) {
        postino_flow_refuse(s, verdict, POSTINO_REASON_REPLY);
    } else {
        s->spoken.step = POSTINO_STEP_RSET;
    }
}

#define KEYWORD                                                                                                        \
    {                                                                                                                  \
        "STARTTLS", POSTINO_OFFERS_STARTTLS, NULL, NULL, NULL                                                          \
    }

const struct postino_starttls postino_starttls_required = {KEYWORD, true, hello_answered, answered};
const struct postino_starttls postino_starttls_offered = {KEYWORD, false, hello_answered, answered};
