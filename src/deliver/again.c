/* Recipients that were one too many for their mail (5321 4.5.3.1.10) are tried again in a mail of their own. */
#include "internal.h"

static bool is_deferred(const struct postino_recipient *recipient)
{
    const struct postino_result *result = &recipient->result;
    return result->outcome == POSTINO_REFUSED_FOR_NOW && result->step == POSTINO_STEP_RCPT &&
           (result->code == 452 || result->code == 552 || result->reason == POSTINO_REASON_LIMITS);
}

void postino_delivery_make_whole(struct postino_mail *mail)
{
    if (!mail->is.cut)
        return;
    mail->is.cut = false;
    mail->recipient_count += mail->left_out;
}

/* Moves them behind the others; returns the index of the first. */
static uint32_t part(struct postino_mail *mail)
{
    uint32_t kept = 0, end = mail->recipient_count;
    while (kept < end) {
        struct postino_recipient *here = &mail->recipients[kept];
        if (!is_deferred(here)) {
            kept++;
            continue;
        }
        struct postino_recipient other = mail->recipients[--end];
        mail->recipients[end] = *here;
        *here = other;
    }
    return kept;
}

static bool one_was_accepted(const struct postino_mail *mail)
{
    for (uint32_t i = 0; i < mail->recipient_count; i++)
        if (mail->recipients[i].result.outcome == POSTINO_ACCEPTED)
            return true;
    return false;
}

bool postino_delivery_has_deferred(const struct postino_mail *mail)
{
    if (mail->command || !one_was_accepted(mail))
        return false;
    for (uint32_t i = 0; i < mail->recipient_count; i++)
        if (is_deferred(&mail->recipients[i]))
            return true;
    return false;
}

/* The pass that has just ended, else the next mail that was done and not looked at. */
static struct postino_mail *next_to_examine(struct postino_delivery *d)
{
    postino_delivery_make_whole(&d->again);
    if (d->again.recipient_count)
        return &d->again;
    struct postino_mail *next = d->examined ? d->examined->next : d->done;
    if (next)
        d->examined = next;
    return next;
}

bool postino_delivery_try_again(struct postino_delivery *d)
{
    struct postino_mail *mail;
    while ((mail = next_to_examine(d)) != NULL) {
        struct postino_mail again = {
            .reverse_path = mail->reverse_path, .source = mail->source, .parameters = mail->parameters};
        again.result.text = d->again_text;
        again.result.text_size = sizeof d->again_text;
        if (!mail->command && one_was_accepted(mail)) {
            uint32_t first = part(mail);
            again.recipients = mail->recipients + first;
            again.recipient_count = mail->recipient_count - first;
        }
        d->again = again;
        if (again.recipient_count && again.source->rewind && again.source->rewind(again.source))
            return postino_session_submit(&d->session, &d->again) == POSTINO_OK;
        d->again.recipient_count = 0;
    }
    return false;
}
