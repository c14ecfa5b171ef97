/*
 * The outbox of a device: mails that wait in flash until a server has taken them. A ring of blocks, safe against loss
 * of power at any moment; constant memory, whatever the mails hold; no heap.
 *
 *     postino_outbox_open(&outbox, &store);                      what waits from before is there again
 *     postino_outbox_put(&outbox, &mail);                        once it returns POSTINO_OUTBOX_OK, it is kept
 *     ...
 *     while ((next = postino_outbox_next(&outbox, now_ms)) != NULL) {
 *         deliver `next`, over any port
 *         postino_outbox_done(&outbox, now_ms);                  takes its results
 *     }
 *
 * What becomes of it: accepted, it leaves the outbox. Refused for now, or not tried, it stays, and after a pass over
 * all that waits there is a pause, longer each time. Refused for good, it is reported and leaves. Uncertain, it stays,
 * and goes again octet for octet, with its Message-ID, by which a duplicate is known. Of several recipients those that
 * were accepted are not tried again.
 *
 * How it is kept. Each mail begins in a block of its own; each block says which mail it is of. A mail counts from the
 * moment when its commitment is programmed behind all of it, and no longer once it is marked as done. Blocks are erased
 * when they are needed. What a cut leaves behind is told by checksums. An erasure that was cut cannot bring a mail
 * back: a block that stands before it names the oldest mail that counts. No place is programmed twice between two
 * erasures, unless a cut left it as if it had not been programmed.
 */
#ifndef POSTINO_OUTBOX_H
#define POSTINO_OUTBOX_H

#include <postino/session.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The flash. The owner embeds it as the first member of a struct of its own. The functions return false where it
 * failed. Erased octets are 0xFF. */
struct postino_store {
    bool (*read)(struct postino_store *store, uint32_t address, void *octets, uint32_t length);
    /* Both are multiples of program_size. */
    bool (*program)(struct postino_store *store, uint32_t address, const void *octets, uint32_t length);
    bool (*erase)(struct postino_store *store, uint32_t block);
    bool (*sync)(struct postino_store *store); /* what was programmed and erased is so, behind a loss of power, too */
    uint32_t block_size;                       /* octets, 1,024 or more, a multiple of program_size */
    uint32_t block_count;                      /* 3 or more */
    uint32_t program_size;                     /* octets: 1, 2, 4, 8, 16, 32 or 64 */
};

#define POSTINO_OUTBOX_RECIPIENTS 8   /* of a mail, at most */
#define POSTINO_OUTBOX_ENVELOPE   512 /* octets of its addresses, each with a NUL, at most */

enum postino_outbox_error {
    POSTINO_OUTBOX_OK,
    POSTINO_OUTBOX_FULL,   /* there is no room for it now */
    POSTINO_OUTBOX_MAIL,   /* not a mail that can be kept: no recipients or too many, long addresses, a wrong one */
    POSTINO_OUTBOX_SOURCE, /* it could not be read to its end */
    POSTINO_OUTBOX_STORE   /* the flash failed, or its sizes are not as they should be */
};

struct postino_outbox {
    uint32_t waiting; /* mails */
    uint32_t damaged; /* mails that were found broken, and are lost: not by loss of power, but by the flash */

    /* A recipient was refused for good. NULL: nobody hears of it. Set by the owner behind postino_outbox_open. */
    void (*refused)(struct postino_outbox *outbox, const struct postino_recipient *recipient);

    struct postino_store *store; /* private from here on */
    uint32_t number;             /* of the next mail */
    uint32_t oldest;             /* that counts */
    uint32_t carried;            /* what the newest mail that is kept names as the oldest */
    uint32_t head;               /* the block of the next mail */
    uint32_t free;               /* blocks from there on that no mail needs */
    uint32_t next;               /* mail to look at; `number`: all have been tried */
    uint32_t block;              /* where it begins */
    uint64_t pause_until_ms;
    uint32_t pause_ms;
    bool whole;      /* this pass began with the oldest */
    bool brought;    /* something has left in it */
    bool busy;       /* `mail` is out */
    bool unreadable; /* the flash, a moment ago */
    bool opened;
    uint32_t at; /* of the payload */
    uint32_t length;
    uint32_t content; /* where it begins in the payload */
    struct postino_source source;
    struct postino_mail mail;
    struct postino_recipient recipients[POSTINO_OUTBOX_RECIPIENTS];
    uint8_t places[POSTINO_OUTBOX_RECIPIENTS]; /* of the recipients among those that the mail was kept with, from 1 */
    uint8_t place_count;
    char reply[96];
    char replies[POSTINO_OUTBOX_RECIPIENTS][64];
    char envelope[POSTINO_OUTBOX_ENVELOPE];
};

/* Looks through the flash; what is no outbox becomes an empty one. On an error nothing can be put or taken: open it
 * again. */
enum postino_outbox_error postino_outbox_open(struct postino_outbox *outbox, struct postino_store *store);

/* Keeps a mail: its envelope, and what its source gives to a server without any extension. Parameters are not kept. On
 * an error nothing was. */
enum postino_outbox_error postino_outbox_put(struct postino_outbox *outbox, const struct postino_mail *mail);

/* The mail to try next, the outbox's until postino_outbox_done; NULL: none now, see postino_outbox_wait_ms. */
struct postino_mail *postino_outbox_next(struct postino_outbox *outbox, uint64_t now_ms);

/* Takes the results of that mail. False: the flash failed, and it may go again. */
bool postino_outbox_done(struct postino_outbox *outbox, uint64_t now_ms);

/* How long until postino_outbox_next may have one; UINT32_MAX: none waits. */
uint32_t postino_outbox_wait_ms(const struct postino_outbox *outbox, uint64_t now_ms);

/* ---- Memory as a store: for tests, and for RAM that keeps its content ---- */

struct postino_memory_store {
    struct postino_store store; /* first */
    uint8_t *octets;
};

/* `octets` is block_size times block_count. */
void postino_memory_store_open(struct postino_memory_store *memory, void *octets, uint32_t block_size,
                               uint32_t block_count, uint32_t program_size);

#ifdef __cplusplus
}
#endif

#endif
