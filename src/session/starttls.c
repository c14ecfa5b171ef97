/* STARTTLS (3207): the step between two EHLOs. */
#include "internal.h"

static void hello_answered(struct postino_session *s, enum postino_verdict verdict)
{
    if (s->flags & POSTINO_SECURED)
        return;
    if (verdict == POSTINO_VERDICT_ACCEPTED && s->offers & POSTINO_OFFERS_STARTTLS)
        s->spoken.step = POSTINO_STEP_STARTTLS;
    else if (s->config->starttls->required && !(s->flags & POSTINO_FAILED))
        postino_flow_refuse(s, POSTINO_VERDICT_FOR_GOOD, POSTINO_REASON_NO_TLS);
}

static void answered(struct postino_session *s, enum postino_verdict verdict)
{
    if (verdict == POSTINO_VERDICT_ACCEPTED) {
        s->flags |= POSTINO_HANDSHAKE;
        s->spoken.step = POSTINO_STEP_EHLO;
    } else if (s->config->starttls->required) {
        postino_flow_refuse(s, verdict, POSTINO_REASON_REPLY);
    } else {
        s->spoken.step = POSTINO_STEP_RSET;
    }
}

const struct postino_starttls postino_starttls_required = {true, hello_answered, answered};
const struct postino_starttls postino_starttls_offered = {false, hello_answered, answered};
