/* AUTH with first responses, with mechanisms that hear challenges, and with another one where the server does not know
 * the first. */
#include "internal.h"

static bool ready(struct postino_session *s)
{
    const struct postino_challenged *challenged = s->config->sasl->chosen->challenged;
    return !challenged || !challenged->ready || challenged->ready(s);
}

/* The first of those still on offer: its bit is the lowest of them. */
static enum postino_reason choose(struct postino_session *s)
{
    struct postino_sasl *sasl = s->config->sasl;
    const struct postino_mechanism *const *at = sasl->mechanisms;
    sasl->chosen = NULL;
    for (uint32_t rest = sasl->offered; rest && !sasl->chosen; rest >>= 1, at++)
        if (rest & 1)
            sasl->chosen = *at;
    return postino_auth_basic.next(s);
}

/* The first of those still on offer that can be used here. */
static enum postino_reason find_ready(struct postino_session *s)
{
    struct postino_sasl *sasl = s->config->sasl;
    enum postino_reason reason = choose(s);
    while (!reason && s->spoken.step == POSTINO_STEP_AUTH && !ready(s)) {
        if (!sasl->offered) /* it was tried though it was not listed */
            return POSTINO_REASON_NO_AUTH;
        sasl->offered &= sasl->offered - 1;
        reason = choose(s);
    }
    return reason;
}

static enum postino_reason next(struct postino_session *s)
{
    struct postino_sasl *sasl = s->config->sasl;
    uint32_t bit = 1;
    bool wanted = false, offered = false;
    if (!(s->offers & POSTINO_OFFERS_AUTH)) /* what was offered in clear, or on another connection, is none */
        sasl->offered = 0;
    for (const struct postino_mechanism *const *at = sasl->mechanisms; *at; at++, bit <<= 1)
        if (strstr((*at)->name, "-PLUS")) {
            wanted = true;
            offered |= (sasl->offered & bit) != 0;
        }
    sasl->plus_missing = wanted && !offered;
    return find_ready(s);
}

/* A first response that went with the command, and is one of several, was a round of its own. Where it is the only one,
 * a server that asks behind it did not understand it, and hears it again. */
static void count_initial_response(struct postino_sasl *sasl)
{
    if (sasl->round == 0 && sasl->chosen->rounds > 1 && sasl->initial_response && sasl->initial_response(sasl, NULL))
        sasl->round = 1;
}

/* Nothing of it is needed again on this connection. */
static void forget(struct postino_sasl *sasl)
{
    struct postino_sasl_work *work = sasl->work;
    if (work) {
        postino_wipe(work->salted, sizeof work->salted);
        postino_wipe(work->round, sizeof work->round);
        postino_wipe(work->proof, sizeof work->proof);
        postino_wipe(work->signature, sizeof work->signature);
    }
    if (sasl->accepted)
        sasl->accepted(sasl);
}

/* 4954 6: the server does not take this one after all. */
static void try_another(struct postino_session *s)
{
    struct postino_sasl *sasl = s->config->sasl;
    sasl->offered &= sasl->offered - 1;
    enum postino_reason reason = find_ready(s);
    if (reason)
        postino_flow_refuse(s, POSTINO_VERDICT_FOR_GOOD, reason);
}

static bool answered(struct postino_session *s, enum postino_verdict verdict)
{
    struct postino_sasl *sasl = s->config->sasl;
    const struct postino_challenged *challenged = sasl->chosen->challenged;
    if (s->code == 504 && sasl->round == 0 && sasl->offered & (sasl->offered - 1)) {
        try_another(s);
        return true;
    }
    if (s->code == 334)
        count_initial_response(sasl);
    if (!postino_auth_basic.answered(s, verdict))
        return false;
    if (sasl->round > sasl->chosen->rounds)
        return true;
    if (challenged && challenged->heard && !challenged->heard(s, sasl->round - 1u)) {
        if (s->code == 334)
            sasl->round = POSTINO_AUTH_CANCELLED;
        else
            postino_flow_refuse(s, POSTINO_VERDICT_FOR_NOW, POSTINO_REASON_UNPROVED);
    } else if (s->code != 334) {
        forget(sasl);
    }
    return true;
}

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

static void render(const struct postino_session *s, struct postino_writer *w)
{
    const struct postino_sasl *sasl = s->config->sasl;
    postino_auth_basic.render(s, w);
    if (sasl->round == 0 && sasl->initial_response)
        sasl->initial_response(sasl, w);
}

const struct postino_opening postino_auth = {{"AUTH", POSTINO_OFFERS_AUTH, heard}, next, answered, render};

void postino_sasl_compute(struct postino_session *s)
{
    /* A server that speaks meanwhile has written over its challenge; that ends the session once it is a reply. */
    if (s->held == POSTINO_NEED_TIME && (s->unsolicited || s->config->sasl->chosen->challenged->works(s)))
        s->held = POSTINO_NEED_SEND;
}
