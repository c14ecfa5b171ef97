/* A mail whose envelope was spoken behind the dot of the mail before, at a server that does not bear it: what stands
 * behind its refused RSET counts as not spoken, and is spoken again in lock-step. */
#include "internal.h"

/* RSET begins a mail behind the dot of the one before, MAIL stands behind RSET. */
static bool may_run_ahead(const struct postino_session *s)
{
    if (s->spoken.step == POSTINO_STEP_RSET)
        return !s->spoken.mail->command && s->awaited.step == POSTINO_STEP_CONTENT;
    return s->spoken.step == POSTINO_STEP_MAIL;
}

/* Replies to what counts as not spoken. */
static enum postino_verdict judge(struct postino_session *s, enum postino_verdict verdict)
{
    if (verdict == POSTINO_VERDICT_ACCEPTED && s->awaited.step == POSTINO_STEP_MAIL)
        s->dirty = true;
    else if (verdict == POSTINO_VERDICT_ACCEPTED && s->awaited.step == POSTINO_STEP_DATA)
        postino_flow_fail(s, POSTINO_REASON_PROTOCOL);
    return POSTINO_VERDICT_NONE;
}

static const struct postino_judge unspoken = {judge};

static bool refused(struct postino_session *s)
{
    bool needed = s->dirty;
    if (needed && s->outstanding == 1 && !s->offset)
        return false; /* alone, and needed: there is no way on */
    if (!needed)
        s->withdrawn = true;
    s->awaited.mail->is.unspoken = true;
    s->judge = &unspoken;
    return true;
}

static void speak_again(struct postino_session *s)
{
    s->judge = NULL;
    s->spoken.mail->is = (struct postino_mail_is){.prepared = true};
    s->spoken.step = POSTINO_STEP_RSET;
    s->offers &= ~(uint32_t)POSTINO_OFFERS_PIPELINING;
}

/* The server has answered the dot before it: silence means that it lost what stood behind. An RSET that cleans up waits
 * as long as others. */
static unsigned timeout_s(const struct postino_session *s)
{
    enum {
        BEHIND_DOT = 30,
        MOST = 300
    };
    return s->outstanding && !s->dirty ? BEHIND_DOT : MOST;
}

static bool was_silence(const struct postino_session *s)
{
    return s->outstanding && s->error.reason == POSTINO_REASON_TIMEOUT && s->error.step == POSTINO_STEP_RSET &&
           !s->dirty;
}

const struct postino_behind_dot postino_behind_dot = {{may_run_ahead, refused}, speak_again, timeout_s, was_silence};
