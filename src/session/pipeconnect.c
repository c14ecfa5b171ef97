/*
 * PIPECONNECT (Exim): a server that offered it takes EHLO and what follows ahead of its greeting. What it offered is
 * recalled from an earlier session; from then on the flow runs as it does behind an EHLO reply, and mails go by BDAT,
 * whole ones in the first flight.
 *
 * A greeting that is none denies what was spoken. Where the EHLO reply lacks something that was recalled, the replies
 * of the flight still count, its refusals but for now, and QUIT follows them.
 */
#include "internal.h"

enum {
    NEEDED = POSTINO_OFFERS_PIPECONNECT | POSTINO_OFFERS_PIPELINING | POSTINO_OFFERS_CHUNKING
};

static void deny(struct postino_session *s, enum postino_verdict verdict)
{
    for (struct postino_mail *mail = s->first; mail; mail = mail->next)
        mail->is.ended = false;
    postino_flow_refuse(s, verdict, POSTINO_REASON_REPLY);
    s->closed = true;
}

/* A mail that was not begun because of what was recalled is laid against what is offered now. Where the RSET in front
 * of it has been spoken, it goes on. */
static void prepare_again(struct postino_session *s)
{
    struct postino_mail *mail = s->spoken.mail;
    if (!mail || mail->is.begun || (s->spoken.step != POSTINO_STEP_RSET && !mail->is.doomed))
        return;
    mail->is.prepared = mail->is.doomed = false;
    mail->result.outcome = POSTINO_NOT_TRIED;
    s->spoken.step = POSTINO_STEP_RSET;
}

/* Nothing is spoken while the EHLO reply comes in, which offers everything anew. */
static void greeted(struct postino_session *s)
{
    s->offers = 0;
    s->held = POSTINO_NEED_RECEIVE;
    s->awaited.step = POSTINO_STEP_EHLO;
}

/* `awaited` then stands where the first mail begins behind it. */
static void hello_answered(struct postino_session *s)
{
    s->unheard &= ~s->offers;
    s->held = POSTINO_NEED_SEND;
    if (!s->unheard) {
        s->judge = NULL;
        prepare_again(s);
    } else if (s->offset) { /* a command stands half-said: QUIT cannot */
        postino_flow_fail(s, POSTINO_REASON_CHANGED);
    } else {
        postino_flow_refuse(s, POSTINO_VERDICT_FOR_NOW, POSTINO_REASON_CHANGED);
    }
    s->awaited.step = POSTINO_STEP_RSET;
}

static enum postino_verdict judge(struct postino_session *s, enum postino_verdict verdict)
{
    if (s->awaited.step >= POSTINO_STEP_RSET)
        return verdict == POSTINO_VERDICT_FOR_GOOD ? POSTINO_VERDICT_FOR_NOW : verdict;
    if (s->awaited.step == POSTINO_STEP_EHLO)
        hello_answered(s);
    else if (verdict == POSTINO_VERDICT_ACCEPTED)
        greeted(s);
    else
        deny(s, verdict);
    return POSTINO_VERDICT_NONE;
}

static const struct postino_judge early = {judge};

/* Nothing stands between EHLO and the first mail, and that is there. */
static bool may_be_first(const struct postino_session *s, const struct postino_known *known)
{
    const struct postino_opening *tls = s->config->opening[0];
    bool in_clear = !tls || (tls == &postino_starttls_offered && !(known->offers & POSTINO_OFFERS_STARTTLS));
    return s->first && s->replies == 0 && !(known->offers & POSTINO_OFFERS_LIMITS) && s->outstanding == 1 &&
           !s->config->lmtp && !s->config->opening[1] && !s->config->xclient && known->secured == s->secured &&
           (s->secured || in_clear);
}

/* Of what the server is known for, what this session makes use of. */
static uint32_t offers_of(const struct postino_session *s, const struct postino_known *known)
{
    uint32_t offers = 0;
    for (const struct postino_extension *const *at = s->extensions; *at; at++)
        offers |= (*at)->keyword.offers;
    return offers & known->offers;
}

/* As if the EHLO reply had been heard. */
static void recall(struct postino_session *s, const struct postino_known *known)
{
    s->offers = s->unheard = offers_of(s, known);
    postino_chunking.keyword.heard(s);
    s->size_limit = known->size_limit;
    s->by_min_s = known->by_min_s;
    s->hold_max_s = known->hold_max_s;
}

size_t postino_session_recall(struct postino_session *s, const struct postino_known *known, void *buffer, size_t size)
{
    struct postino_writer hello = {.buffer = buffer, .size = size};
    postino_command_render(s, &hello); /* at the greeting, that is EHLO */
    if (!may_be_first(s, known) || (offers_of(s, known) & NEEDED) != NEEDED || hello.length > size)
        return 0;
    if (s->config->trace)
        s->config->trace->spoken(s->config->trace, s);
    recall(s, known);
    s->outstanding++;
    s->judge = &early;
    s->spoken.step = POSTINO_STEP_RSET;
    postino_flow_settle(s);
    if (!s->first->command)
        s->spoken.step = POSTINO_STEP_MAIL;
    return hello.length;
}

bool postino_session_remember(const struct postino_session *s, struct postino_known *known)
{
    *known = (struct postino_known){s->offers, s->size_limit, s->by_min_s, s->hold_max_s, s->secured};
    return s->offers & POSTINO_OFFERS_PIPECONNECT && !s->unheard;
}

bool postino_session_changed(const struct postino_session *s)
{
    return s->unheard;
}

const struct postino_extension postino_pipeconnect = {{"PIPECONNECT", POSTINO_OFFERS_PIPECONNECT, NULL}, NULL, NULL};
