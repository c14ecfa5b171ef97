/* Mails one after the other, from whoever has them, over a connection that outlives them. */
#include "internal.h"

/* What is done is handed out, unless a further pass may still add to it. */
static void release(struct postino_delivery *d)
{
    struct postino_mail *mail = d->done;
    d->done = d->examined = NULL;
    d->done_end = &d->done;
    while (mail) {
        struct postino_mail *next = mail->next;
        d->config->feed->done(d->config->feed, mail);
        mail = next;
    }
}

static void submit(struct postino_delivery *d)
{
    struct postino_feed *feed = d->config->feed;
    struct postino_mail *mail;
    for (; d->fed < feed->ahead && (mail = feed->next(feed)) != NULL; d->fed++)
        postino_session_take(&d->session, mail);
}

/* Nothing is under way, and nothing is there to be sent. */
static void idle(struct postino_delivery *d)
{
    const struct postino_feed *feed = d->config->feed;
    uint64_t now = d->config->transport->now_ms(d->config->transport);
    if (!d->idle_ms)
        d->idle_ms = now + 1000u * (uint64_t)feed->idle_s;
    if (!feed->closing && now < d->idle_ms)
        return;
    d->quitting = true;
    postino_session_quit(&d->session);
}

static void feed_on(struct postino_delivery *d)
{
    postino_delivery_collect(d);
    if (d->quitting)
        return;
    for (const struct postino_mail *mail = d->done; mail && !d->holding; mail = mail->next)
        d->holding = postino_delivery_has_deferred(mail);
    if (d->holding && postino_session_need(&d->session) == POSTINO_NEED_MAIL)
        d->holding = postino_delivery_try_again(d);
    if (d->holding)
        return;
    release(d);
    submit(d);
    if (postino_session_need(&d->session) == POSTINO_NEED_MAIL)
        idle(d);
    else
        d->idle_ms = 0;
}

const struct postino_feeding postino_feeding = {feed_on, release};
