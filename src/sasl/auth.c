/* AUTH (4954): one step of the conversation that takes rounds. A 334 moves neither cursor past it. */
#include "internal.h"

/* Old servers have two lines of it, in two forms. */
static void heard(struct postino_session *s)
{
    struct postino_sasl *sasl = s->config->sasl;
    uint32_t bit = 1;
    if (!(s->offers & POSTINO_OFFERS_AUTH))
        sasl->offered = 0;
    for (const struct postino_mechanism *const *at = sasl->mechanisms; *at; at++, bit <<= 1)
        if (strcmp((*at)->name, s->word) == 0)
            sasl->offered |= bit;
}

/* The list's order is ours: the first of it that is offered is taken. */
static void choose(struct postino_session *s)
{
    struct postino_sasl *sasl = s->config->sasl;
    const struct postino_mechanism *const *at = sasl->mechanisms;
    sasl->chosen = sasl->unoffered;
    if (!(s->offers & POSTINO_OFFERS_AUTH))
        return;
    sasl->chosen = sasl->unlisted;
    for (uint32_t rest = sasl->offered; rest; rest >>= 1, at++)
        if (rest & 1) {
            sasl->chosen = *at;
            return;
        }
}

static void next(struct postino_session *s)
{
    struct postino_sasl *sasl = s->config->sasl;
    if (s->spoken.step != POSTINO_STEP_RSET) {
        if (s->spoken.step == POSTINO_STEP_HELO && !sasl->unoffered) /* it knows no AUTH */
            postino_flow_refuse(s, POSTINO_VERDICT_FOR_GOOD, POSTINO_REASON_NO_AUTH);
        return;
    }
    choose(s);
    sasl->round = 0;
    sasl->cancelled = false;
    s->spoken.step = POSTINO_STEP_AUTH;
    if (!s->secured && !sasl->in_clear)
        postino_flow_refuse(s, POSTINO_VERDICT_FOR_GOOD, POSTINO_REASON_NO_TLS);
    else if (!sasl->chosen)
        postino_flow_refuse(s, POSTINO_VERDICT_FOR_GOOD, POSTINO_REASON_NO_AUTH);
}

void postino_auth_put_response(const struct postino_sasl *sasl, unsigned round, struct postino_writer *w)
{
    struct postino_response response = {w, 0, 0};
    if (w->masked) {
        postino_command_put(w, "***");
        return;
    }
    sasl->chosen->respond(sasl, round, &response);
    postino_response_end(&response);
}

/* Round 0 is the command itself; each further one answers a challenge. */
static void render(const struct postino_session *s, struct postino_writer *w)
{
    const struct postino_sasl *sasl = s->config->sasl;
    if (sasl->cancelled) {
        postino_command_put(w, "*");
    } else if (sasl->round == 0) {
        postino_command_put(w, "AUTH ");
        postino_command_put(w, sasl->chosen->name);
        if (sasl->initial_response)
            sasl->initial_response(sasl, w);
    } else {
        postino_auth_put_response(sasl, sasl->round - 1u, w);
    }
}

static void answered(struct postino_session *s, enum postino_verdict verdict)
{
    struct postino_sasl *sasl = s->config->sasl;
    if (verdict != POSTINO_VERDICT_ACCEPTED)
        postino_flow_refuse(s, verdict, POSTINO_REASON_REPLY);
    else if (sasl->cancelled) /* 4954 4: that is answered by 501 */
        postino_flow_fail(s, POSTINO_REASON_PROTOCOL);
    else if (s->code != 334)
        s->spoken.step = POSTINO_STEP_RSET;
    else /* a server that has no end of challenges is cancelled */
        sasl->cancelled = sasl->round++ == sasl->chosen->rounds;
}

const struct postino_opening postino_auth_basic = {
    {"AUTH", POSTINO_OFFERS_AUTH, heard, NULL, NULL}, next, render, answered, true};
