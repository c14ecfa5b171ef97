/* What became of mails and recipients, written into the caller's structs. */
#include "internal.h"

/* 3463 2: "class.subject.detail" with the class of the reply, each of the others one to three digits. */
static const char *enhanced_number(const char *text, uint16_t *number)
{
    unsigned value = 0;
    const char *at = text + (*text == '.');
    if (at == text)
        return NULL;
    for (text = at; *at >= '0' && *at <= '9' && at < text + 3; at++)
        value = value * 10 + (unsigned)(*at - '0');
    *number = (uint16_t)value;
    return at == text ? NULL : at;
}

static void enhanced_code(struct postino_result *result, const char *text)
{
    uint16_t subject = 0, detail = 0;
    result->subject = result->detail = 0;
    if (text[0] - '0' != result->code / 100)
        return;
    const char *at = enhanced_number(text + 1, &subject);
    at = at ? enhanced_number(at, &detail) : NULL;
    if (!at || (*at != ' ' && *at != '\n' && *at != '\0'))
        return;
    result->subject = subject;
    result->detail = detail;
}

static void copy_text(struct postino_result *result, const char *text)
{
    if (result->text_size == 0)
        return;
    size_t length = strlen(text);
    if (length >= result->text_size)
        length = result->text_size - 1u;
    memmove(result->text, text, length);
    result->text[length] = '\0';
}

void postino_result_of_reason(const struct postino_session *s, struct postino_result *result,
                              enum postino_outcome outcome, enum postino_reason reason)
{
    result->outcome = (uint8_t)outcome;
    result->step = (uint8_t)postino_session_step(s);
    result->reason = (uint8_t)reason;
    result->code = 0;
    result->subject = result->detail = 0;
    copy_text(result, "");
}

void postino_result_of_reply(const struct postino_session *s, struct postino_result *result,
                             enum postino_verdict verdict)
{
    const char *text = s->config->text_size ? s->config->text : "";
    uint8_t outcome = POSTINO_REFUSED_FOR_NOW;
    if (verdict == POSTINO_VERDICT_ACCEPTED)
        outcome = POSTINO_ACCEPTED;
    else if (verdict == POSTINO_VERDICT_FOR_GOOD)
        outcome = POSTINO_REFUSED_FOR_GOOD;
    result->outcome = outcome;
    result->step = s->awaited.step;
    result->reason = POSTINO_REASON_REPLY;
    result->code = s->code;
    enhanced_code(result, text);
    copy_text(result, text);
}

static void copy(struct postino_result *to, const struct postino_result *from)
{
    char *text = to->text;
    uint16_t size = to->text_size;
    *to = *from;
    to->text = text;
    to->text_size = size;
    copy_text(to, from->text ? from->text : "");
}

/* Recipients that no reply of their own refused share what became of the mail; where it was given up for another
 * recipient's sake, that is said. */
void postino_result_share(struct postino_mail *mail)
{
    mail->flags |= POSTINO_DONE;
    if (mail->command)
        return;
    for (uint32_t i = 0; i < mail->recipient_count; i++) {
        struct postino_result *result = &mail->recipients[i].result;
        if (result->outcome != POSTINO_PENDING && result->outcome != POSTINO_NOT_TRIED)
            continue;
        copy(result, &mail->result);
        if (mail->flags & POSTINO_OPEN && mail->result.step == POSTINO_STEP_RCPT &&
            mail->result.reason == POSTINO_REASON_REPLY && mail->flags & POSTINO_DOOMED) {
            result->code = result->subject = result->detail = 0;
            result->reason = POSTINO_REASON_POLICY;
            copy_text(result, "");
        }
    }
}

/* The session ended before the mail did. */
void postino_result_abandon(const struct postino_session *s, struct postino_mail *mail)
{
    if (!(mail->flags & POSTINO_DOOMED)) {
        copy(&mail->result, &s->error);
        mail->result.outcome = POSTINO_NOT_TRIED;
        if (mail->flags & POSTINO_ENDED && mail->end <= s->total && s->error.code != 421)
            mail->result.outcome = POSTINO_UNCERTAIN;
        else if (mail->flags & POSTINO_BEGUN && mail->begin < s->total)
            mail->result.outcome = POSTINO_REFUSED_FOR_NOW;
    }
    postino_result_share(mail);
}
