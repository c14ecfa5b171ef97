/* AUTH (4954): one step of the conversation that takes rounds. A 334 moves neither cursor past it. */
#include "internal.h"

/* The list's order is ours: the first of it that is offered is taken. Old servers have two lines of it, in two forms.
 */
static void heard(struct postino_session *s)
{
    struct postino_sasl *sasl = s->config->sasl;
    if (!(s->offers & POSTINO_OFFERS_AUTH))
        sasl->chosen = NULL;
    for (const struct postino_mechanism *const *at = sasl->mechanisms; *at && *at != sasl->chosen; at++)
        if (strcmp((*at)->name, s->word) == 0)
            sasl->chosen = *at;
}

static enum postino_reason next(struct postino_session *s)
{
    struct postino_sasl *sasl = s->config->sasl;
    if (s->spoken.step == POSTINO_STEP_STARTTLS)
        return POSTINO_REASON_REPLY;
    if (s->spoken.step == POSTINO_STEP_RSET) /* else HELO comes first, if we go on at all without an offer */
        s->spoken.step = POSTINO_STEP_AUTH;
    sasl->round = 0;
    if (!(s->offers & POSTINO_OFFERS_AUTH))
        sasl->chosen = sasl->unoffered;
    else if (!sasl->chosen)
        sasl->chosen = sasl->unlisted;
    if (!s->secured && !sasl->in_clear)
        return POSTINO_REASON_NO_TLS;
    return sasl->chosen ? POSTINO_REASON_REPLY : POSTINO_REASON_NO_AUTH;
}

/* Round 0 is the command itself; each further one answers a challenge. */
static void render(const struct postino_session *s, struct postino_writer *w)
{
    const struct postino_sasl *sasl = s->config->sasl;
    if (sasl->round == 0) {
        postino_command_put(w, "AUTH ");
        postino_command_put(w, sasl->chosen->name);
    } else {
        postino_auth_put_response(sasl, sasl->round - 1u, w);
    }
}

static bool answered(struct postino_session *s, enum postino_verdict verdict)
{
    struct postino_sasl *sasl = s->config->sasl;
    if (verdict != POSTINO_VERDICT_ACCEPTED)
        return false;
    if (sasl->round > sasl->chosen->rounds) /* 4954 4: that is answered by 501 */
        postino_flow_fail(s, POSTINO_REASON_PROTOCOL);
    else if (s->code == 334)
        sasl->round++;
    else
        s->spoken.step = POSTINO_STEP_RSET;
    return true;
}

const struct postino_opening postino_auth_basic = {{"AUTH", POSTINO_OFFERS_AUTH, heard}, next, answered, render};
