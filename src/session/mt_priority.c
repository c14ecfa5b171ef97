/* MT-PRIORITY (6710): which mail goes first. */
#include "internal.h"

#include <postino/parameters.h>

enum {
    PRIORITY_MAX = 9
};

static enum postino_reason fits(struct postino_session *s, struct postino_mail *mail)
{
    const struct postino_mail_parameters *p = mail->parameters;
    if (!p || !p->prioritized)
        return POSTINO_REASON_REPLY;
    if (p->priority > PRIORITY_MAX || p->priority < -PRIORITY_MAX)
        return POSTINO_REASON_PARAMETER;
    return s->offers & POSTINO_OFFERS_MT_PRIORITY ? POSTINO_REASON_REPLY : POSTINO_REASON_NO_MT_PRIORITY;
}

static void put(const struct postino_session *s, struct postino_writer *w)
{
    const struct postino_mail_parameters *p = s->spoken.mail->parameters;
    if (s->spoken.step != POSTINO_STEP_MAIL || !p || !p->prioritized)
        return;
    postino_command_put(w, p->priority < 0 ? " MT-PRIORITY=-" : " MT-PRIORITY=");
    postino_command_put_number(w, (size_t)(p->priority < 0 ? -p->priority : p->priority));
}

const struct postino_extension postino_mt_priority = {{"MT-PRIORITY", POSTINO_OFFERS_MT_PRIORITY, NULL}, fits, put};
