#include "flash.h"

#include <string.h>

static struct flash *flash_of(struct postino_store *store)
{
    return (struct flash *)store;
}

static uint32_t chance(struct flash *flash)
{
    flash->seed = flash->seed * 1664525u + 1013904223u;
    return flash->seed >> 16;
}

static bool read_flash(struct postino_store *store, uint32_t address, void *octets, uint32_t length)
{
    struct flash *flash = flash_of(store);
    if (++flash->reads == flash->fails_at)
        return false;
    if (flash->dead || flash->fails || address + length > store->block_size * store->block_count)
        return false;
    memcpy(octets, flash->octets + address, length);
    return true;
}

/* Is octet `i` of `length` reached, when the power goes? */
static bool reached(struct flash *flash, uint32_t i, uint32_t length)
{
    switch (flash->cut) {
    case CUT_AMID:
        return i < length / 2;
    case CUT_EVERY_OTHER:
        return chance(flash) & 1;
    case CUT_FROM_THE_END:
        return i >= length / 2;
    case CUT_MARKS:
        return length == flash->store.block_size && i >= 32 && i < 176;
    case CUT_BEHIND:
        return true;
    case CUT_BEFORE:
    case CUTS:
        break;
    }
    return false;
}

/* Returns whether the power goes with this operation. */
static bool goes(struct flash *flash)
{
    flash->dead = ++flash->operations == flash->cut_at || flash->dead;
    return flash->dead;
}

static bool program_flash(struct postino_store *store, uint32_t address, const void *octets, uint32_t length)
{
    struct flash *flash = flash_of(store);
    const uint8_t *from = octets;
    if (flash->dead || flash->fails)
        return false;
    if (address % store->program_size || length % store->program_size ||
        address + length > store->block_size * store->block_count ||
        address / store->block_size != (address + length - 1) / store->block_size)
        flash->broken_promise = true;
    bool last = goes(flash);
    for (uint32_t i = 0; i < length && !flash->broken_promise; i++) {
        if (last && !reached(flash, i, length))
            continue;
        if (flash->programmed[address + i])
            flash->broken_promise = true;
        flash->programmed[address + i] = from[i] != 0xFF; /* else it has not changed anything */
        flash->octets[address + i] &= last && chance(flash) % 8 == 0 ? (uint8_t)(from[i] | chance(flash)) : from[i];
    }
    return !last;
}

static bool erase_flash(struct postino_store *store, uint32_t block)
{
    struct flash *flash = flash_of(store);
    if (flash->dead || flash->fails)
        return false;
    if (block >= store->block_count)
        flash->broken_promise = true;
    bool last = goes(flash);
    for (uint32_t i = 0; i < store->block_size && !flash->broken_promise; i++) {
        uint32_t at = block * store->block_size + i;
        if (last && !reached(flash, i, store->block_size))
            continue;
        flash->octets[at] |= last && chance(flash) % 8 == 0 ? (uint8_t)chance(flash) : 0xFF;
        flash->programmed[at] = false;
    }
    return !last;
}

static bool sync_flash(struct postino_store *store)
{
    return !flash_of(store)->dead && !flash_of(store)->fails;
}

void flash_begin(struct flash *flash, uint32_t block_size, uint32_t block_count, uint32_t program_size)
{
    memset(flash, 0, sizeof *flash);
    memset(flash->octets, 0xFF, sizeof flash->octets);
    flash->store = (struct postino_store){read_flash, program_flash, erase_flash, sync_flash,
                                          block_size, block_count,   program_size};
}

void flash_power(struct flash *flash)
{
    flash->dead = false;
    flash->cut_at = 0;
}
