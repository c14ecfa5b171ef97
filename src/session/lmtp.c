/* LMTP (2033): LHLO, and behind the content one final reply for each recipient that was accepted. */
#include "internal.h"

static struct postino_recipient *next_pending(struct postino_session *s)
{
    struct postino_mail *mail = s->awaited.mail;
    for (; s->awaited.recipient < mail->recipient_count; s->awaited.recipient++)
        if (mail->recipients[s->awaited.recipient].result.outcome == POSTINO_PENDING)
            return &mail->recipients[s->awaited.recipient];
    return NULL;
}

static bool answered(struct postino_session *s, enum postino_verdict verdict)
{
    struct postino_mail *mail = s->awaited.mail;
    struct postino_recipient *recipient = next_pending(s);
    postino_result_set(s, &recipient->result, verdict, POSTINO_REASON_REPLY);
    /* The mail is accepted when one recipient is; else a refusal for now is worth another try. */
    if (mail->result.outcome != POSTINO_ACCEPTED &&
        (verdict == POSTINO_VERDICT_ACCEPTED || mail->result.outcome != POSTINO_REFUSED_FOR_NOW))
        postino_result_set(s, &mail->result, verdict, POSTINO_REASON_REPLY);
    return next_pending(s) != NULL;
}

const struct postino_lmtp postino_lmtp = {"LHLO ", answered};
