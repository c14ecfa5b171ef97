/* What the files of this room share. */
#ifndef POSTINO_DELIVER_INTERNAL_H
#define POSTINO_DELIVER_INTERNAL_H

#include <postino/deliver.h>

/* again.c: submits recipients that were one too many for their mail as a mail of their own. Returns false where there
 * are none. */
bool postino_delivery_try_again(struct postino_delivery *delivery);

/* Whether some recipients of a mail that is done are to be tried again. */
bool postino_delivery_has_deferred(const struct postino_mail *mail);

/* again.c: the mail has all its recipients again (9422). */
void postino_delivery_make_whole(struct postino_mail *mail);

/* memory.c */
struct postino_remembering {
    void (*say_ahead)(struct postino_delivery *delivery);   /* its session has begun */
    bool (*has_changed)(struct postino_delivery *delivery); /* the server, when the session is over */
    bool (*goes_again)(struct postino_mail *mail);          /* because of that, over a new connection */
};

/* feed.c */
struct postino_feeding {
    /* Takes back mails that are done, and submits the next. */
    void (*feed)(struct postino_delivery *delivery);
    /* The connection is over: all that are done are the owner's. */
    void (*release)(struct postino_delivery *delivery);
};

/* delivery.c: takes back those mails that the session is done with. */
void postino_delivery_collect(struct postino_delivery *delivery);

#endif
