/* What the files of this room share. */
#ifndef POSTINO_DELIVER_INTERNAL_H
#define POSTINO_DELIVER_INTERNAL_H

#include <postino/deliver.h>

/* again.c: submits recipients that were one too many for their mail as a mail of their own. Returns false where there
 * are none. */
bool postino_delivery_try_again(struct postino_delivery *delivery);

#endif
