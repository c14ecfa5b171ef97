/* A flash that behaves as flash does, and worse: programming clears bits and may not be done twice, and the power goes
 * at an operation of the test's choice, in the midst of it. */
#ifndef POSTINO_TESTS_FLASH_H
#define POSTINO_TESTS_FLASH_H

#include <postino/outbox.h>

enum cut {
    CUT_BEFORE, /* the operation has no effect */
    CUT_AMID,   /* some octets of it are done, some are something between */
    CUT_EVERY_OTHER,
    CUT_FROM_THE_END,
    CUT_MARKS,  /* of an erasure, just what says that a mail is done is erased */
    CUT_BEHIND, /* it is done, and nobody hears of it */
    CUTS
};

struct flash {
    struct postino_store store; /* first */
    uint8_t octets[64 * 1024];
    uint8_t programmed[64 * 1024]; /* since the block was erased */
    unsigned long operations;      /* programs and erasures so far */
    unsigned long cut_at;          /* 0: never */
    enum cut cut;
    bool dead;              /* the power is gone */
    bool broken_promise;    /* something was programmed twice, or out of its bounds */
    bool fails;             /* each operation, with an error */
    unsigned long reads;    /* so far */
    unsigned long fails_at; /* this read fails, and no other; 0: none */
    uint32_t seed;
};

void flash_begin(struct flash *flash, uint32_t block_size, uint32_t block_count, uint32_t program_size);
void flash_power(struct flash *flash); /* on again, without a further cut */

#endif
