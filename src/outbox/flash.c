/* How an outbox lies in flash. */
#include "internal.h"

enum {
    MAGIC = 0x504F5354 /* part of each checksum, so that no erased or foreign octets are taken for a slot */
};

/* CRC-32 (ISO 3309), four bits at a time. */
uint32_t postino_outbox_checksum(uint32_t checksum, const void *octets, size_t length)
{
    static const uint32_t table[] = {0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC, 0x76DC4190, 0x6B6B51F4,
                                     0x4DB26158, 0x5005713C, 0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C,
                                     0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C};
    const uint8_t *at = octets;
    checksum = ~checksum;
    while (length--) {
        checksum ^= *at++;
        checksum = checksum >> 4 ^ table[checksum & 15];
        checksum = checksum >> 4 ^ table[checksum & 15];
    }
    return ~checksum;
}

/* A flash that cannot be read now is not one that holds nothing. */
static bool read_flash(struct postino_outbox *outbox, uint32_t address, void *octets, uint32_t length)
{
    bool read = outbox->store->read(outbox->store, address, octets, length);
    outbox->unreadable = outbox->unreadable || !read;
    return read;
}

static uint32_t block_address(const struct postino_outbox *outbox, uint32_t block)
{
    return block % outbox->store->block_count * outbox->store->block_size;
}

uint32_t postino_outbox_slot_size(const struct postino_outbox *outbox)
{
    return outbox->store->program_size > 16 ? outbox->store->program_size : 16;
}

/* Numbers lie in the order of the processor: flash does not move to another. */
bool postino_outbox_slot_write(struct postino_outbox *outbox, uint32_t address, const uint32_t numbers[3])
{
    uint8_t slot[POSTINO_SLOT_MOST];
    uint32_t checksum = postino_outbox_checksum(MAGIC, numbers, 12);
    memset(slot, 0xFF, sizeof slot);
    memcpy(slot, numbers, 12);
    memcpy(slot + 12, &checksum, 4);
    return outbox->store->program(outbox->store, address, slot, postino_outbox_slot_size(outbox)) &&
           outbox->store->sync(outbox->store);
}

bool postino_outbox_slot_read(struct postino_outbox *outbox, uint32_t address, uint32_t numbers[3])
{
    uint32_t slot[4];
    if (!read_flash(outbox, address, slot, sizeof slot))
        return false;
    memcpy(numbers, slot, 12);
    return slot[3] == postino_outbox_checksum(MAGIC, slot, 12);
}

/* In the first block: what it begins with, the commitment, the marks. */
static uint32_t mark_address(const struct postino_outbox *outbox, uint32_t block, unsigned mark)
{
    return block_address(outbox, block) + (2 + mark) * postino_outbox_slot_size(outbox);
}

bool postino_outbox_marked(struct postino_outbox *outbox, uint32_t block, unsigned mark)
{
    uint32_t slot[4];
    return read_flash(outbox, mark_address(outbox, block, mark), slot, sizeof slot) &&
           (slot[0] & slot[1] & slot[2] & slot[3]) != UINT32_MAX;
}

bool postino_outbox_mark(struct postino_outbox *outbox, uint32_t block, unsigned mark)
{
    static const uint32_t numbers[3] = {0, 0, 0};
    outbox->unreadable = false;
    return postino_outbox_marked(outbox, block, mark) ||
           (!outbox->unreadable && postino_outbox_slot_write(outbox, mark_address(outbox, block, mark), numbers));
}

bool postino_outbox_block_read(struct postino_outbox *outbox, uint32_t block, struct postino_block *found)
{
    uint32_t numbers[3];
    bool is_one = postino_outbox_slot_read(outbox, block_address(outbox, block), numbers);
    *found = (struct postino_block){numbers[0], numbers[1], numbers[2]};
    return is_one;
}

bool postino_outbox_commitment_read(struct postino_outbox *outbox, uint32_t block, struct postino_commitment *found)
{
    uint32_t numbers[3];
    bool is_one =
        postino_outbox_slot_read(outbox, block_address(outbox, block) + postino_outbox_slot_size(outbox), numbers);
    *found = (struct postino_commitment){numbers[0], numbers[1], numbers[2]};
    return is_one && found->recipients >= 1 && found->recipients <= POSTINO_OUTBOX_RECIPIENTS;
}

static uint32_t room_of_first(const struct postino_outbox *outbox)
{
    return outbox->store->block_size - (2 + POSTINO_MARKS) * postino_outbox_slot_size(outbox);
}

static uint32_t room_of_others(const struct postino_outbox *outbox)
{
    return outbox->store->block_size - postino_outbox_slot_size(outbox);
}

uint32_t postino_outbox_blocks_of(const struct postino_outbox *outbox, uint32_t length)
{
    uint32_t first = room_of_first(outbox), others = room_of_others(outbox);
    return length <= first ? 1 : 1 + (length - first + others - 1) / others;
}

uint32_t postino_outbox_place(const struct postino_outbox *outbox, uint32_t first, uint32_t at, uint32_t *room)
{
    uint32_t of_first = room_of_first(outbox), others = room_of_others(outbox);
    if (at < of_first) {
        *room = of_first - at;
    } else {
        first += 1 + (at - of_first) / others;
        *room = others - (at - of_first) % others;
    }
    return block_address(outbox, first) + outbox->store->block_size - *room;
}

bool postino_outbox_payload_read(struct postino_outbox *outbox, uint32_t first, uint32_t at, void *octets,
                                 uint32_t length)
{
    uint8_t *to = octets;
    while (length) {
        uint32_t room, address = postino_outbox_place(outbox, first, at, &room);
        uint32_t part = length < room ? length : room;
        if (!read_flash(outbox, address, to, part))
            return false;
        to += part;
        at += part;
        length -= part;
    }
    return true;
}

static enum postino_standing standing(struct postino_outbox *outbox, uint32_t number, uint32_t block,
                                      struct postino_commitment *found)
{
    struct postino_block header;
    if (postino_outbox_marked(outbox, block, 0))
        return POSTINO_DONE;
    if (!postino_outbox_commitment_read(outbox, block, found))
        return POSTINO_MISSING;
    uint32_t blocks = postino_outbox_blocks_of(outbox, found->length);
    for (uint32_t i = 0; i < blocks; i++)
        if (i == outbox->store->block_count || !postino_outbox_block_read(outbox, block + i, &header) ||
            header.number != number || header.index != i)
            return POSTINO_MISSING;
    return POSTINO_WAITS;
}

enum postino_standing postino_outbox_find(struct postino_outbox *outbox, uint32_t number, uint32_t *block,
                                          struct postino_commitment *found)
{
    struct postino_block header;
    for (uint32_t i = 0; i < outbox->store->block_count; i++) {
        uint32_t at = (*block + i) % outbox->store->block_count;
        if (!postino_outbox_block_read(outbox, at, &header) || header.number != number || header.index != 0)
            continue;
        *block = at;
        return standing(outbox, number, at, found);
    }
    return POSTINO_MISSING;
}

bool postino_outbox_advance(struct postino_outbox *outbox)
{
    struct postino_commitment found;
    uint32_t block = outbox->head, count = outbox->store->block_count;
    enum postino_standing standing = POSTINO_MISSING;
    outbox->unreadable = false;
    while (outbox->oldest != outbox->number && !outbox->unreadable && standing != POSTINO_WAITS) {
        standing = postino_outbox_find(outbox, outbox->oldest, &block, &found);
        outbox->oldest += standing != POSTINO_WAITS && !outbox->unreadable;
    }
    outbox->free = standing == POSTINO_WAITS ? (block + count - outbox->head) % count : count;
    if (outbox->unreadable)
        outbox->free = 0;
    return !outbox->unreadable;
}
