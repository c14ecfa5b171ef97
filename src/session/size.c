/* SIZE (1870): the server's limit is heard, the mail's length declared, and what is larger is not begun. */
#include "internal.h"

/* Decimal digits and nothing else (1870 4); what does not fit means that no limit is known, it never wraps. */
static void heard(struct postino_session *s)
{
    const char *at = s->word;
    size_t limit = 0;
    for (; *at >= '0' && *at <= '9' && limit < SIZE_MAX / 10; at++)
        limit = limit * 10 + (size_t)(*at - '0');
    if (*at || s->heard == '=' || (*s->word && s->size_limit)) {
        limit = 0;
        s->word_length = POSTINO_WORDS_IGNORED;
    }
    s->size_limit = limit;
}

static enum postino_reason fits(struct postino_session *s, struct postino_mail *mail)
{
    bool too_large = s->size_limit && mail->source->length > s->size_limit;
    return too_large ? POSTINO_REASON_TOO_LARGE : POSTINO_REASON_REPLY;
}

static void put(const struct postino_session *s, struct postino_writer *w)
{
    size_t length = s->spoken.mail->source->length;
    if (s->spoken.step != POSTINO_STEP_MAIL || length == 0) /* not known */
        return;
    postino_command_put(w, " SIZE=");
    postino_command_put_number(w, length);
}

const struct postino_extension postino_size = {{"SIZE", POSTINO_OFFERS_SIZE, heard}, fits, put};
