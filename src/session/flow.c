/*
 * The flow: one sequence of steps, two cursors on it. `spoken` is the step that is spoken next, `awaited` the step
 * whose reply comes next; what lies between was spoken and not answered. Where nothing lies between, both are the same.
 *
 * Opening steps (up to AUTH) and QUIT are alone between the cursors. A mail is [RSET] MAIL RCPT... DATA content.
 */
#include "internal.h"

static bool stopped(const struct postino_mail *mail)
{
    return mail->is.doomed || mail->is.unspoken;
}

static const struct postino_ahead *ahead_of(const struct postino_session *s)
{
    /* It stands first in both; NULL: there is neither. */
    return s->chunks ? &s->chunks->ahead : (const struct postino_ahead *)s->config->behind_dot;
}

/* Ahead of replies that are still out (2920 3.1). */
static bool may_run_ahead(const struct postino_session *s)
{
    const struct postino_mail *mail = s->spoken.mail;
    uint16_t ahead = (uint16_t)(s->config->window - 1); /* 0 is the widest */
    if (!(s->offers & POSTINO_OFFERS_PIPELINING) || s->outstanding > ahead || !mail || stopped(mail))
        return false;
    if (s->spoken.step == POSTINO_STEP_DATA) /* all or none: not before every recipient is known to be accepted */
        return mail->policy == POSTINO_POLICY_ANY || mail->recipient_count == 1;
    if (s->spoken.step == POSTINO_STEP_RCPT)
        return true;
    return ahead_of(s) && ahead_of(s)->may_run_ahead(s);
}

bool postino_flow_may_speak(const struct postino_session *s)
{
    if (s->closed || s->held || s->unsolicited)
        return false;
    if (s->offset)
        return true;
    if (s->outstanding)
        return may_run_ahead(s);
    return s->spoken.step < POSTINO_STEP_RSET || s->spoken.mail;
}

static void advance(const struct postino_session *s, struct postino_cursor *cursor)
{
    if (cursor->step < POSTINO_STEP_RSET)
        return;
    if (cursor->step == POSTINO_STEP_RCPT && ++cursor->recipient < cursor->mail->recipient_count)
        return;
    cursor->recipient = 0;
    if (cursor->step++ >= POSTINO_STEP_CONTENT) {
        cursor->mail = cursor->mail->next;
        cursor->passed++;
        cursor->step = POSTINO_STEP_RSET;
    }
    if (cursor->step == POSTINO_STEP_DATA && s->chunks)
        cursor->step = POSTINO_STEP_CONTENT;
}

void postino_flow_spoken(struct postino_session *s)
{
    struct postino_mail *mail = s->spoken.mail;
    if (s->outstanding++ == 0)
        s->awaited = s->spoken;
    if (s->spoken.step == POSTINO_STEP_CONTENT) {
        mail->is.ended = true;
        mail->end = s->total;
    }
    advance(s, &s->spoken);
}

/* It does not go on, and the server is told QUIT. The error is sticky, and so is its text. */
void postino_flow_refuse(struct postino_session *s, enum postino_verdict verdict, enum postino_reason reason)
{
    postino_result_set(s, &s->error, verdict, reason);
    if (s->error.code == 0 && s->config->text_size)
        s->config->text[0] = '\0';
    s->failed = true;
    s->spoken.step = POSTINO_STEP_QUIT;
}

/* It ends here, without a word. */
void postino_flow_fail(struct postino_session *s, enum postino_reason reason)
{
    if (!s->failed)
        postino_flow_refuse(s, POSTINO_VERDICT_FOR_NOW, reason);
    s->closed = true;
}

/* Lays the mail against what the server offers, before a word of it is spoken. */
static void prepare(struct postino_session *s)
{
    struct postino_mail *mail = s->spoken.mail;
    enum postino_reason reason = POSTINO_REASON_REPLY;
    if (!mail || s->spoken.step != POSTINO_STEP_RSET || mail->is.prepared)
        return;
    mail->is.prepared = true;
    if (mail->command)
        return;
    struct postino_source *source = mail->source;
    bool prepared = !source->prepare || source->prepare(source, s->offers);
    for (const struct postino_extension *const *at = s->extensions; *at && !reason; at++)
        if ((*at)->fits)
            reason = (*at)->fits(s, mail);
    if (!prepared && !reason) /* an extension knows better why */
        reason = POSTINO_REASON_SOURCE;
    if (reason == POSTINO_REASON_REPLY)
        return;
    postino_result_set(s, &mail->result, POSTINO_VERDICT_FOR_GOOD, reason);
    mail->result.step = POSTINO_STEP_MAIL;
    mail->is.doomed = true;
}

static void next_mail(struct postino_session *s)
{
    struct postino_mail *mail = s->spoken.mail;
    if (mail->is.open)
        s->dirty = true;
    postino_result_share(mail, &mail->result);
    s->spoken.mail = mail->next;
    s->spoken.step = POSTINO_STEP_RSET;
}

/* The step that the mail begins with. */
static enum postino_step first_step(const struct postino_session *s)
{
    if (s->spoken.mail->command)
        return POSTINO_STEP_COMMAND;
    return s->dirty ? POSTINO_STEP_RSET : POSTINO_STEP_MAIL;
}

/* Where nothing is outstanding, mails that are over are left behind, and the cursors meet at what is spoken next. */
void postino_flow_settle(struct postino_session *s)
{
    if (s->closed || s->spoken.step < POSTINO_STEP_RSET)
        return;
    prepare(s);
    if (s->outstanding || s->offset)
        return;
    for (struct postino_mail *mail; (mail = s->spoken.mail) != NULL; prepare(s)) {
        if (mail->is.unspoken)
            s->config->behind_dot->speak_again(s);
        if (!mail->is.doomed || s->spoken.step == POSTINO_STEP_CONTENT) {
            if (s->spoken.step == POSTINO_STEP_RSET)
                s->spoken.step = (uint8_t)first_step(s);
            break;
        }
        next_mail(s);
    }
    if (!s->spoken.mail && s->quitting)
        s->spoken.step = POSTINO_STEP_QUIT;
    s->awaited = s->spoken;
}

void postino_flow_open(struct postino_session *s)
{
    enum postino_reason reason = POSTINO_REASON_REPLY;
    for (int i = 0; i < 2 && !reason; i++)
        if (s->config->opening[i])
            reason = s->config->opening[i]->next(s);
    if (reason)
        postino_flow_refuse(s, POSTINO_VERDICT_FOR_GOOD, reason);
}

/* These return whether the session goes on. */
static bool hello_answered(struct postino_session *s, enum postino_verdict verdict)
{
    if (verdict == POSTINO_VERDICT_ACCEPTED)
        s->spoken.step = POSTINO_STEP_RSET;
    else if (verdict == POSTINO_VERDICT_FOR_GOOD && s->awaited.step == POSTINO_STEP_EHLO && !s->config->lmtp)
        s->spoken.step = POSTINO_STEP_HELO;
    else
        return false;
    postino_flow_open(s);
    return true;
}

static bool rset_answered(struct postino_session *s, enum postino_verdict verdict)
{
    if (verdict != POSTINO_VERDICT_ACCEPTED)
        return ahead_of(s) && ahead_of(s)->refused(s);
    s->dirty = false;
    return true;
}

static void set_mail_result(struct postino_session *s, enum postino_verdict verdict)
{
    postino_result_set(s, &s->awaited.mail->result, verdict, POSTINO_REASON_REPLY);
}

static void mail_answered(struct postino_session *s, enum postino_verdict verdict)
{
    struct postino_mail *mail = s->awaited.mail;
    if (verdict == POSTINO_VERDICT_ACCEPTED) {
        mail->is.open = true;
        return;
    }
    set_mail_result(s, verdict);
    mail->is.doomed = true;
}

static void rcpt_answered(struct postino_session *s, enum postino_verdict verdict)
{
    struct postino_mail *mail = s->awaited.mail;
    struct postino_result *result = &mail->recipients[s->awaited.recipient].result;
    mail->accepted += verdict == POSTINO_VERDICT_ACCEPTED;
    if (!mail->is.open) /* the reply to MAIL is that to its recipients */
        return;
    postino_result_set(s, result, verdict, POSTINO_REASON_REPLY);
    if (verdict == POSTINO_VERDICT_ACCEPTED) {
        result->outcome = POSTINO_PENDING;
    } else {
        /* The mail's own result where nobody is accepted: the first refusal for now, which is worth another try, else
         * the last one. */
        if (mail->result.outcome != POSTINO_REFUSED_FOR_NOW)
            set_mail_result(s, verdict);
        if (mail->policy == POSTINO_POLICY_ALL)
            mail->is.doomed = true;
    }
    if (mail->accepted == 0 && s->awaited.recipient + 1 == mail->recipient_count)
        mail->is.doomed = true;
}

/* Nothing is outstanding behind DATA. */
static void data_answered(struct postino_session *s, enum postino_verdict verdict)
{
    struct postino_mail *mail = s->awaited.mail;
    bool doomed = mail->is.doomed;
    if (verdict == POSTINO_VERDICT_ACCEPTED) {
        s->content_ended = s->read_cr = false;
        s->column = 0;
        if (!doomed)
            return;
        /* A lone dot, legal only where no recipient was accepted: else an empty mail would be delivered. In LMTP no
         * reply would follow it (2033 4.2). */
        s->content_ended = true;
        if (mail->accepted || s->config->lmtp)
            postino_flow_fail(s, POSTINO_REASON_PROTOCOL);
        return;
    }
    if (!doomed && s->code == 503) { /* out of step, though the recipients were accepted */
        postino_flow_fail(s, POSTINO_REASON_PROTOCOL);
        return;
    }
    if (!doomed)
        set_mail_result(s, verdict);
    mail->is.doomed = true;
    s->spoken.step = POSTINO_STEP_DATA; /* no content, not even a lone dot */
}

/* Also of a command. Returns whether the step stays: LMTP has a reply for each recipient. */
static bool content_answered(struct postino_session *s, enum postino_verdict verdict)
{
    struct postino_mail *mail = s->awaited.mail;
    if (s->chunks && s->chunks->answered(s, verdict))
        return true;
    if (!mail->is.doomed) {
        if (s->config->lmtp && !mail->command) {
            if (s->config->lmtp->answered(s, verdict))
                return true;
        } else {
            set_mail_result(s, verdict);
        }
    } else if (verdict != POSTINO_VERDICT_ACCEPTED) {
        s->dirty = true; /* a lone dot was refused: who knows what stands open */
    }
    postino_result_share(mail, &mail->result);
    return false;
}

/* Applies a verdict to the step that was awaited; returns whether that step stays awaited. */
static bool apply(struct postino_session *s, enum postino_verdict verdict)
{
    bool goes_on = true;
    switch ((enum postino_step)s->awaited.step) {
    case POSTINO_STEP_CONNECT:
    case POSTINO_STEP_QUIT:
        break;
    case POSTINO_STEP_GREETING:
        s->spoken.step = POSTINO_STEP_EHLO;
        goes_on = verdict == POSTINO_VERDICT_ACCEPTED;
        break;
    case POSTINO_STEP_EHLO:
    case POSTINO_STEP_HELO:
        goes_on = hello_answered(s, verdict);
        break;
    case POSTINO_STEP_STARTTLS:
    case POSTINO_STEP_AUTH:
        goes_on = s->config->opening[s->awaited.step - POSTINO_STEP_STARTTLS]->answered(s, verdict);
        break;
    case POSTINO_STEP_RSET:
        goes_on = rset_answered(s, verdict);
        break;
    case POSTINO_STEP_MAIL:
        mail_answered(s, verdict);
        break;
    case POSTINO_STEP_RCPT:
        rcpt_answered(s, verdict);
        break;
    case POSTINO_STEP_DATA:
        data_answered(s, verdict);
        break;
    case POSTINO_STEP_CONTENT:
    case POSTINO_STEP_COMMAND:
        return content_answered(s, verdict);
    }
    if (!goes_on)
        postino_flow_refuse(s, verdict, POSTINO_REASON_REPLY);
    return false;
}

void postino_flow_answered(struct postino_session *s)
{
    bool unsolicited = s->unsolicited;
    s->unsolicited = false;
    s->replies++;
    if (s->awaited.step == POSTINO_STEP_QUIT && !unsolicited) { /* nothing depends on it */
        s->closed = true;
        return;
    }
    enum postino_verdict verdict = postino_verdict_of((enum postino_step)s->awaited.step, s->code);
    s->denied = verdict == POSTINO_VERDICT_CLOSING;
    if (verdict >= POSTINO_VERDICT_CLOSING || unsolicited) {
        postino_flow_fail(s, verdict == POSTINO_VERDICT_CLOSING ? POSTINO_REASON_REPLY : POSTINO_REASON_PROTOCOL);
        return;
    }
    if (s->judge)
        verdict = s->judge->judge(s, verdict);
    if (verdict != POSTINO_VERDICT_NONE && apply(s, verdict))
        return;
    s->outstanding--;
    advance(s, &s->awaited);
    postino_flow_settle(s);
}
