/* STARTTLS (3207): the step between two EHLOs. */
#include "internal.h"

static enum postino_reason begin_where_offered(struct postino_session *s)
{
    if (s->offers & POSTINO_OFFERS_STARTTLS && !s->secured)
        s->spoken.step = POSTINO_STEP_STARTTLS;
    return POSTINO_REASON_REPLY;
}

static enum postino_reason begin(struct postino_session *s)
{
    if (s->secured)
        return POSTINO_REASON_REPLY;
    s->spoken.step = POSTINO_STEP_STARTTLS;
    return s->offers & POSTINO_OFFERS_STARTTLS ? POSTINO_REASON_REPLY : POSTINO_REASON_NO_TLS;
}

static bool answered(struct postino_session *s, enum postino_verdict verdict)
{
    if (verdict != POSTINO_VERDICT_ACCEPTED)
        return false;
    s->held = POSTINO_NEED_TLS;
    s->spoken.step = POSTINO_STEP_EHLO;
    return true;
}

static bool answered_where_offered(struct postino_session *s, enum postino_verdict verdict)
{
    if (answered(s, verdict))
        return true;
    s->offers &= ~(uint32_t)POSTINO_OFFERS_STARTTLS;
    s->spoken.step = POSTINO_STEP_RSET;
    postino_flow_open(s);
    return true;
}

static void render(const struct postino_session *s, struct postino_writer *w)
{
    (void)s;
    postino_command_put(w, "STARTTLS");
}

#define KEYWORD                                                                                                        \
    {                                                                                                                  \
        "STARTTLS", POSTINO_OFFERS_STARTTLS, NULL                                                                      \
    }

const struct postino_opening postino_starttls_required = {KEYWORD, begin, answered, render};
const struct postino_opening postino_starttls_offered = {KEYWORD, begin_where_offered, answered_where_offered, render};
