/* FUTURERELEASE (4865): the server keeps a mail until it is due. */
#include "internal.h"

#include <postino/parameters.h>

enum {
    SECONDS_MAX = 999999999, /* nine digits (4865 4) */
    DATE_MAX = 35
};

/* The longest that the server keeps one, in seconds; behind it stands the same as a date. */
static void heard(struct postino_session *s)
{
    if (!*s->word) /* what an earlier EHLO reply said is forgotten */
        s->hold_max_s = 0;
    else if (!s->hold_max_s)
        s->hold_max_s = postino_ehlo_number(s);
}

/* The characters of a date and time (3339 5.6), of which the server is the judge. */
static bool is_date(const char *text)
{
    size_t length = strspn(text, "0123456789-:.+TZ");
    return length > 0 && length <= DATE_MAX && !text[length];
}

static enum postino_reason fits(struct postino_session *s, struct postino_mail *mail)
{
    const struct postino_mail_parameters *p = mail->parameters;
    if (!p || (!p->hold_for_s && !p->hold_until))
        return POSTINO_REASON_REPLY;
    if (p->hold_until && (p->hold_for_s || !is_date(p->hold_until)))
        return POSTINO_REASON_PARAMETER;
    if (p->hold_for_s > SECONDS_MAX)
        return POSTINO_REASON_PARAMETER;
    if (!(s->offers & POSTINO_OFFERS_FUTURERELEASE))
        return POSTINO_REASON_NO_FUTURERELEASE;
    return s->hold_max_s && p->hold_for_s > s->hold_max_s ? POSTINO_REASON_PARAMETER : POSTINO_REASON_REPLY;
}

static void put(const struct postino_session *s, struct postino_writer *w)
{
    const struct postino_mail_parameters *p = s->spoken.mail->parameters;
    if (s->spoken.step != POSTINO_STEP_MAIL || !p)
        return;
    if (p->hold_for_s) {
        postino_command_put(w, " HOLDFOR=");
        postino_command_put_number(w, p->hold_for_s);
    }
    if (p->hold_until) {
        postino_command_put(w, " HOLDUNTIL=");
        postino_command_put(w, p->hold_until);
    }
}

const struct postino_extension postino_futurerelease = {
    {"FUTURERELEASE", POSTINO_OFFERS_FUTURERELEASE, heard}, fits, put};
