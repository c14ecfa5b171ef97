/* What became of mails and recipients, written into the caller's structs. */
#include "internal.h"

/* 3463 2: ".subject" or ".detail", one to three digits. Returns what follows, or NULL. */
static const char *enhanced_number(const char *at, uint16_t *number)
{
    unsigned value = 0;
    const char *start = at + 1;
    if (*at != '.')
        return NULL;
    for (at = start; *at >= '0' && *at <= '9'; at++)
        value = value * 10 + (unsigned)(*at - '0');
    *number = (uint16_t)value;
    return at == start || at > start + 3 ? NULL : at;
}

/* "class.subject.detail", with the class of the reply. */
static void set_enhanced(struct postino_result *result, const char *text)
{
    uint16_t subject, detail;
    const char *at = NULL;
    result->subject = result->detail = 0;
    if (text[0] - '0' == result->code / 100)
        at = enhanced_number(text + 1, &subject);
    if (at)
        at = enhanced_number(at, &detail);
    if (!at || (unsigned char)*at > ' ')
        return;
    result->subject = subject;
    result->detail = detail;
}

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
    result->code = reason <= POSTINO_REASON_PROTOCOL ? s->code : 0;
    if (result->code && s->config->text_size)
        text = s->config->text;
    set_enhanced(result, text);
    set_text(result, text);
}

static void copy(struct postino_result *to, const struct postino_result *from)
{
    struct postino_result copied = *from;
    copied.text = to->text;
    copied.text_size = to->text_size;
    *to = copied;
    set_text(to, from->text ? from->text : "");
}

/* The mail is done. Recipients that no reply of their own refused share in what became of it. */
void postino_result_share(struct postino_mail *mail, const struct postino_result *shared)
{
    mail->flags |= POSTINO_DONE;
    if (mail->command)
        return;
    /* Where it was given up for another recipient's sake, they hear that rather than the other's reply. */
    bool for_another = shared->step == POSTINO_STEP_RCPT && mail->flags & POSTINO_DOOMED;
    for (uint32_t i = 0; i < mail->recipient_count; i++) {
        struct postino_result *result = &mail->recipients[i].result;
        if (result->outcome != POSTINO_PENDING && result->outcome != POSTINO_NOT_TRIED)
            continue;
        copy(result, shared);
        if (for_another) {
            result->reason = POSTINO_REASON_POLICY;
            result->code = 0;
            set_enhanced(result, "");
            set_text(result, "");
        }
    }
}

void postino_mail_end(struct postino_mail *mail, const struct postino_result *why)
{
    copy(&mail->result, why);
    mail->result.outcome = POSTINO_NOT_TRIED;
    mail->flags = 0;
    postino_result_share(mail, &mail->result);
}

/* The session ended before the mail did. */
void postino_result_abandon(const struct postino_session *s, struct postino_mail *mail)
{
    struct postino_result why = s->error;
    why.outcome = POSTINO_NOT_TRIED;
    if (mail->flags & POSTINO_ENDED && s->total - mail->end >= s->unsent && s->error.code != 421)
        why.outcome = POSTINO_UNCERTAIN;
    else if (mail->flags & POSTINO_OPEN || (mail->flags & POSTINO_BEGUN && s->total - mail->begin > s->unsent))
        why.outcome = POSTINO_REFUSED_FOR_NOW;
    if (mail->flags & POSTINO_DOOMED)
        why = mail->result;
    else if (mail->result.outcome != POSTINO_ACCEPTED) /* by a recipient of LMTP */
        copy(&mail->result, &why);
    postino_result_share(mail, &why);
}
