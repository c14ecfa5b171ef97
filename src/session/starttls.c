/* STARTTLS (3207): the step between two EHLOs. */
#include "internal.h"

static void next(struct postino_session *s)
{
    if (s->secured)
        return;
    if (s->offers & POSTINO_OFFERS_STARTTLS)
        s->spoken.step = POSTINO_STEP_STARTTLS;
    else if (s->config->opening[0]->required)
        postino_flow_refuse(s, POSTINO_VERDICT_FOR_GOOD, POSTINO_REASON_NO_TLS);
}

static void render(const struct postino_session *s, struct postino_writer *w)
{
    (void)s;
    postino_command_put(w, "STARTTLS");
}

static void answered(struct postino_session *s, enum postino_verdict verdict)
{
    if (verdict == POSTINO_VERDICT_ACCEPTED) {
        s->held = POSTINO_NEED_TLS;
        s->spoken.step = POSTINO_STEP_EHLO;
    } else if (s->config->opening[0]->required) {
        postino_flow_refuse(s, verdict, POSTINO_REASON_REPLY);
    } else {
        s->offers &= ~(uint32_t)POSTINO_OFFERS_STARTTLS;
        s->spoken.step = POSTINO_STEP_RSET;
        postino_flow_open(s);
    }
}

#define KEYWORD                                                                                                        \
    {                                                                                                                  \
        "STARTTLS", POSTINO_OFFERS_STARTTLS, NULL, NULL, NULL                                                          \
    }

const struct postino_opening postino_starttls_required = {KEYWORD, next, render, answered, true};
const struct postino_opening postino_starttls_offered = {KEYWORD, next, render, answered, false};
