/* What the files of the outbox share: how it lies in flash. */
#ifndef POSTINO_OUTBOX_INTERNAL_H
#define POSTINO_OUTBOX_INTERNAL_H

#include <postino/outbox.h>

#include <string.h>

enum {
    POSTINO_SLOT_MOST = 64,
    POSTINO_OUTBOX_PAUSE_MS = 60000,              /* behind a pass that left something, twice as long each time */
    POSTINO_MARKS = 1 + POSTINO_OUTBOX_RECIPIENTS /* of the mail, and of each recipient */
};

/* What a block begins with. */
struct postino_block {
    uint32_t number; /* of its mail */
    uint32_t oldest; /* mail that counted when the block was begun */
    uint32_t index;  /* of the block in its mail */
};

/* What makes a mail count. */
struct postino_commitment {
    uint32_t length; /* of the payload: the addresses, each with a NUL, the reverse-path first; then the content */
    uint32_t checksum;
    uint32_t recipients;
};

uint32_t postino_outbox_checksum(uint32_t checksum, const void *octets, size_t length);

/* Slots: three numbers and their checksum, programmed at once. */
uint32_t postino_outbox_slot_size(const struct postino_outbox *outbox);
bool postino_outbox_slot_write(struct postino_outbox *outbox, uint32_t address, const uint32_t numbers[3]);
/* False: it is not one, or cannot be read. */
bool postino_outbox_slot_read(struct postino_outbox *outbox, uint32_t address, uint32_t numbers[3]);

/* Was something programmed there? What a cut left behind counts. */
bool postino_outbox_marked(struct postino_outbox *outbox, uint32_t block, unsigned mark);
bool postino_outbox_mark(struct postino_outbox *outbox, uint32_t block, unsigned mark);

bool postino_outbox_block_read(struct postino_outbox *outbox, uint32_t block, struct postino_block *found);
bool postino_outbox_commitment_read(struct postino_outbox *outbox, uint32_t block, struct postino_commitment *found);

uint32_t postino_outbox_blocks_of(const struct postino_outbox *outbox, uint32_t length);
/* Where an octet of the payload lies, and how many lie behind it in the same block. */
uint32_t postino_outbox_place(const struct postino_outbox *outbox, uint32_t first, uint32_t at, uint32_t *room);
bool postino_outbox_payload_read(struct postino_outbox *outbox, uint32_t first, uint32_t at, void *octets,
                                 uint32_t length);

enum postino_standing {
    POSTINO_MISSING, /* it is not there, or not whole */
    POSTINO_DONE,
    POSTINO_WAITS
};

/* How it stands with mail `number`, and in which block it begins, looked for from `block` on. */
enum postino_standing postino_outbox_find(struct postino_outbox *outbox, uint32_t number, uint32_t *block,
                                          struct postino_commitment *found);

/* `oldest` moves past what does not count any more, and what that held is free. False: the flash cannot be read, and
 * nothing is. */
bool postino_outbox_advance(struct postino_outbox *outbox);

#endif
