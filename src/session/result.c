/* What became of mails and recipients, written into the caller's structs. */
#include "internal.h"

static void set_text(struct postino_result *result, const char *text)
{
    size_t room = result->text_size;
    for (char *at = result->text; room; at++, text++) {
        *at = --room ? *text : '\0';
        if (!*at)
            return;
    }
}

void postino_result_set(const struct postino_session *s, struct postino_result *result, enum postino_verdict verdict,
                        enum postino_reason reason)
{
    const char *text = "";
    result->outcome = (uint8_t)verdict;
    result->step = s->awaited.step;
    result->reason = (uint8_t)reason;
    result->code = reason <= POSTINO_REASON_PROTOCOL ? (uint16_t)s->code : 0;
    result->subject = result->detail = 0;
    if (result->code && s->config->text_size) {
        text = s->config->text;
        if (s->config->enhanced)
            s->config->enhanced->read(result, text);
    }
    set_text(result, text);
}

/* All but the room for the text, which is the caller's. */
static void copy(struct postino_result *to, const struct postino_result *from)
{
    char *text = to->text;
    uint16_t text_size = to->text_size;
    *to = *from;
    to->text = text;
    to->text_size = text_size;
    set_text(to, from->text ? from->text : "");
}

/* The mail is done. Recipients that no reply of their own refused share in what became of it. */
void postino_result_share(struct postino_mail *mail, const struct postino_result *shared)
{
    mail->is.done = true;
    if (mail->command)
        return;
    /* Where it was given up for another recipient's sake, they hear that rather than the other's reply. */
    bool for_another = mail->policy == POSTINO_POLICY_ALL && mail->is.doomed && shared->step == POSTINO_STEP_RCPT;
    struct postino_result policy = {
        .outcome = shared->outcome, .step = POSTINO_STEP_RCPT, .reason = POSTINO_REASON_POLICY};
    for (uint32_t i = 0; i < mail->recipient_count; i++) {
        struct postino_result *result = &mail->recipients[i].result;
        if (result->outcome != POSTINO_PENDING && result->outcome != POSTINO_NOT_TRIED)
            continue;
        copy(result, for_another ? &policy : shared);
    }
}

void postino_mail_end(struct postino_mail *mail, const struct postino_result *why)
{
    copy(&mail->result, why);
    mail->result.outcome = POSTINO_NOT_TRIED;
    mail->is = (struct postino_mail_is){.done = false};
    postino_result_share(mail, &mail->result);
}

/* The session ended before the mail did. */
void postino_result_abandon(const struct postino_session *s, struct postino_mail *mail)
{
    const struct postino_result *shared = &mail->result;
    struct postino_result why = s->error;
    why.outcome = POSTINO_NOT_TRIED;
    if (mail->is.ended && s->total - mail->end >= s->unsent && !s->denied)
        why.outcome = POSTINO_UNCERTAIN;
    else if (mail->is.open || (mail->is.begun && s->total - mail->begin > s->unsent))
        why.outcome = POSTINO_REFUSED_FOR_NOW;
    if (!mail->is.doomed) {
        shared = &why;
        if (mail->result.outcome != POSTINO_ACCEPTED) /* by a recipient of LMTP */
            copy(&mail->result, &why);
    }
    postino_result_share(mail, shared);
}
