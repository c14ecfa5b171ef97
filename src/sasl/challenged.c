/* AUTH with mechanisms that hear challenges, and with another one where the server does not know the first. */
#include "internal.h"

static bool ready(struct postino_session *s)
{
    const struct postino_challenged *challenged = s->config->sasl->chosen->challenged;
    return !challenged || !challenged->ready || challenged->ready(s);
}

/* The first of those still on offer that can be used here: its bit is the lowest of them. */
static void find_ready(struct postino_session *s)
{
    struct postino_sasl *sasl = s->config->sasl;
    postino_auth_basic.next(s);
    while (s->spoken.step == POSTINO_STEP_AUTH && !ready(s)) {
        if (!sasl->offered) { /* it was tried though it was not listed */
            postino_flow_refuse(s, POSTINO_VERDICT_FOR_GOOD, POSTINO_REASON_NO_AUTH);
            return;
        }
        sasl->offered &= sasl->offered - 1;
        s->spoken.step = POSTINO_STEP_RSET;
        postino_auth_basic.next(s);
    }
}

static void next(struct postino_session *s)
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
    find_ready(s);
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

static void answered(struct postino_session *s, enum postino_verdict verdict)
{
    struct postino_sasl *sasl = s->config->sasl;
    const struct postino_challenged *challenged = sasl->chosen->challenged;
    bool unknown = s->code == 504 && sasl->round == 0 && sasl->offered & (sasl->offered - 1);
    if (unknown) { /* 4954 6: it does not take this one after all */
        sasl->offered &= sasl->offered - 1;
        s->spoken.step = POSTINO_STEP_RSET;
        find_ready(s);
        return;
    }
    if (s->code == 334)
        count_initial_response(sasl);
    postino_auth_basic.answered(s, verdict);
    if (verdict != POSTINO_VERDICT_ACCEPTED || s->failed || sasl->cancelled)
        return;
    if (challenged && challenged->heard && !challenged->heard(s, sasl->round - 1u)) {
        if (s->code == 334)
            sasl->cancelled = true;
        else
            postino_flow_refuse(s, POSTINO_VERDICT_FOR_NOW, POSTINO_REASON_UNPROVED);
    } else if (s->code != 334) {
        forget(sasl);
    }
}

static void heard(struct postino_session *s)
{
    postino_auth_basic.extension.heard(s);
}

static void render(const struct postino_session *s, struct postino_writer *w)
{
    postino_auth_basic.render(s, w);
}

const struct postino_opening postino_auth = {
    {"AUTH", POSTINO_OFFERS_AUTH, heard, NULL, NULL}, next, render, answered, true};

void postino_sasl_compute(struct postino_session *s)
{
    /* A server that speaks meanwhile has written over its challenge; that ends the session once it is a reply. */
    if (s->held == POSTINO_NEED_TIME && (s->unsolicited || s->config->sasl->chosen->challenged->works(s)))
        s->held = POSTINO_NEED_SEND;
}
