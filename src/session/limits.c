/* LIMITS (9422): how many mails a connection takes, and how many recipients a mail. */
#include "internal.h"

enum {
    NONE,
    MAILS,
    RECIPIENTS
};

/* Words in turns: the name of a limit, and its number. */
static void heard(struct postino_session *s)
{
    struct postino_limits *limits = s->config->limits;
    uint32_t number = postino_ehlo_number(s);
    if (!limits) {
        s->word_length = POSTINO_WORDS_IGNORED;
    } else if (!*s->word) {
        *limits = (struct postino_limits){0};
    } else if (limits->next == NONE) {
        limits->next = (uint8_t)(strcmp(s->word, "MAILMAX") == 0   ? MAILS
                                 : strcmp(s->word, "RCPTMAX") == 0 ? RECIPIENTS
                                                                   : NONE);
    } else {
        *(limits->next == MAILS ? &limits->mails_max : &limits->recipients_max) = number;
        limits->next = NONE;
    }
}

/* Those that are too many stand behind the others, refused for now. */
static void cut(struct postino_mail *mail, uint32_t most)
{
    for (uint32_t i = most; i < mail->recipient_count; i++) {
        struct postino_result *result = &mail->recipients[i].result;
        result->outcome = POSTINO_REFUSED_FOR_NOW;
        result->step = POSTINO_STEP_RCPT;
        result->reason = POSTINO_REASON_LIMITS;
        result->code = result->subject = result->detail = 0;
    }
    mail->is.cut = true;
    mail->left_out = mail->recipient_count - most;
    mail->recipient_count = most;
}

/* A mail that is one too many for the connection, and those behind it, are left for the next one: QUIT follows the
 * mails before it. */
static void count(struct postino_session *s, struct postino_limits *limits)
{
    if (!limits->mails_max || limits->mails++ < limits->mails_max)
        return;
    s->spoken.mail = NULL;
    s->quitting = true;
    s->error.step = POSTINO_STEP_MAIL; /* why these were not tried */
    s->error.reason = POSTINO_REASON_LIMITS;
    s->error.text = NULL; /* no reply says so */
}

static enum postino_reason fits(struct postino_session *s, struct postino_mail *mail)
{
    struct postino_limits *limits = s->config->limits;
    if (!limits || !(s->offers & POSTINO_OFFERS_LIMITS))
        return POSTINO_REASON_REPLY;
    if (limits->recipients_max && mail->recipient_count > limits->recipients_max) {
        if (mail->policy == POSTINO_POLICY_ALL)
            return POSTINO_REASON_LIMITS;
        cut(mail, limits->recipients_max);
    }
    count(s, limits);
    return POSTINO_REASON_REPLY;
}

const struct postino_extension postino_limits = {{"LIMITS", POSTINO_OFFERS_LIMITS, heard}, fits, NULL};
