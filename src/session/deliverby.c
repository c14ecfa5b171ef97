/* DELIVERBY (2852): a mail that is late is reported, or returned. */
#include "internal.h"

#include <postino/parameters.h>

enum {
    SECONDS_MAX = 999999999 /* nine digits (2852 4) */
};

/* The least time that the server takes with a mail that is returned (2852 2). */
static void heard(struct postino_session *s)
{
    s->by_min_s = postino_ehlo_number(s);
}

static enum postino_reason fits(struct postino_session *s, struct postino_mail *mail)
{
    const struct postino_mail_parameters *p = mail->parameters;
    if (!p || p->by == POSTINO_BY_NONE)
        return POSTINO_REASON_REPLY;
    if (p->by_s > SECONDS_MAX || p->by_s < -SECONDS_MAX || (p->by == POSTINO_BY_RETURN && p->by_s <= 0))
        return POSTINO_REASON_PARAMETER;
    if (!(s->offers & POSTINO_OFFERS_DELIVERBY))
        return POSTINO_REASON_NO_DELIVERBY;
    bool too_soon = p->by == POSTINO_BY_RETURN && (uint32_t)p->by_s < s->by_min_s;
    return too_soon ? POSTINO_REASON_PARAMETER : POSTINO_REASON_REPLY;
}

static void put(const struct postino_session *s, struct postino_writer *w)
{
    const struct postino_mail_parameters *p = s->spoken.mail->parameters;
    if (s->spoken.step != POSTINO_STEP_MAIL || !p || p->by == POSTINO_BY_NONE)
        return;
    postino_command_put(w, p->by_s < 0 ? " BY=-" : " BY=");
    postino_command_put_number(w, (size_t)(p->by_s < 0 ? -p->by_s : p->by_s));
    postino_command_put(w, p->by == POSTINO_BY_RETURN ? ";R" : ";N");
    if (p->by_trace)
        postino_command_put(w, "T");
}

const struct postino_extension postino_deliverby = {{"DELIVERBY", POSTINO_OFFERS_DELIVERBY, heard}, fits, put};
