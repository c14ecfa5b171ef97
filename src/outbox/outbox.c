/* Opening an outbox, and putting mails in. */
#include "internal.h"

static bool store_valid(const struct postino_store *store)
{
    return store->program_size && store->program_size <= POSTINO_SLOT_MOST &&
           !(store->program_size & (store->program_size - 1)) && store->block_size >= 1024 &&
           store->block_size % store->program_size == 0 && store->block_count >= 3;
}

/* The newest mail, whole or not: its number, where it begins and how many blocks say that they are of it. Returns false
 * where there is none. */
static bool find_newest(struct postino_outbox *outbox, uint32_t *first, uint32_t *blocks)
{
    struct postino_block header;
    bool any = false;
    for (uint32_t i = 0; i < outbox->store->block_count; i++) {
        if (!postino_outbox_block_read(outbox, i, &header) || header.index >= outbox->store->block_count)
            continue;
        if (any && (header.number < outbox->number || (header.number == outbox->number && header.index < *blocks)))
            continue;
        any = true;
        outbox->number = header.number;
        outbox->oldest = header.oldest;
        *blocks = header.index + 1;
        *first = (i + outbox->store->block_count - header.index) % outbox->store->block_count;
    }
    return any;
}

/* What a block of mail `number` names as the oldest; 0: there is none. */
static uint32_t carried_by(struct postino_outbox *outbox, uint32_t number)
{
    struct postino_block header;
    for (uint32_t i = 0; i < outbox->store->block_count; i++)
        if (postino_outbox_block_read(outbox, i, &header) && header.number == number)
            return header.oldest;
    return 0;
}

/*
 * The mail that begins at the head was not committed. Its place is taken again, unless it alone says what is the oldest
 * mail that counts: then its first block stays, as that of a mail that is done.
 */
static bool pass_over(struct postino_outbox *outbox)
{
    if (outbox->carried == outbox->oldest)
        return true;
    if (!postino_outbox_mark(outbox, outbox->head, 0))
        return false;
    outbox->carried = outbox->oldest;
    outbox->head = (outbox->head + 1) % outbox->store->block_count;
    outbox->number++;
    return true;
}

/* Every number from the oldest on was committed: one that neither counts nor is done was damaged. */
static void take_stock(struct postino_outbox *outbox)
{
    struct postino_commitment found;
    uint32_t block = outbox->head;
    for (uint32_t number = outbox->oldest; number != outbox->number; number++) {
        enum postino_standing standing = postino_outbox_find(outbox, number, &block, &found);
        outbox->waiting += standing == POSTINO_WAITS;
        outbox->damaged += standing == POSTINO_MISSING && !outbox->unreadable;
    }
}

enum postino_outbox_error postino_outbox_open(struct postino_outbox *outbox, struct postino_store *store)
{
    struct postino_commitment found;
    uint32_t blocks = 0;
    memset(outbox, 0, sizeof *outbox);
    outbox->store = store;
    outbox->number = outbox->oldest = outbox->next = outbox->carried = 1;
    outbox->pause_ms = POSTINO_OUTBOX_PAUSE_MS;
    outbox->whole = true;
    if (!store_valid(store))
        return POSTINO_OUTBOX_STORE;
    if (!find_newest(outbox, &outbox->head, &blocks)) {
        outbox->free = store->block_count;
        outbox->opened = !outbox->unreadable;
        return outbox->opened ? POSTINO_OUTBOX_OK : POSTINO_OUTBOX_STORE;
    }
    bool committed = postino_outbox_commitment_read(outbox, outbox->head, &found), passed = true;
    if (!committed)
        outbox->carried = outbox->number == 1 ? 1 : carried_by(outbox, outbox->number - 1);
    if (outbox->unreadable)
        return POSTINO_OUTBOX_STORE;
    if (outbox->oldest > outbox->number || outbox->number - outbox->oldest >= store->block_count)
        outbox->oldest = outbox->number; /* no outbox of ours says that */
    if (committed) {
        outbox->head = (outbox->head + blocks) % store->block_count;
        outbox->number++;
        outbox->carried = outbox->oldest;
    } else {
        passed = pass_over(outbox);
    }
    take_stock(outbox);
    outbox->opened = !outbox->unreadable && postino_outbox_advance(outbox) && passed;
    outbox->next = outbox->oldest;
    return outbox->opened ? POSTINO_OUTBOX_OK : POSTINO_OUTBOX_STORE;
}

/* ---- Putting ---- */

struct writer {
    struct postino_outbox *outbox;
    uint32_t blocks; /* that were begun */
    uint32_t length, checksum;
    uint32_t held; /* of the last octets, which are not programmed yet */
    uint8_t unit[POSTINO_SLOT_MOST];
};

/* One block stays free behind every mail, so that what is erased first for the next one counts no more: outbox.h. */
static enum postino_outbox_error begin_block(struct writer *w)
{
    struct postino_outbox *outbox = w->outbox;
    uint32_t block = (outbox->head + w->blocks) % outbox->store->block_count;
    const uint32_t header[3] = {outbox->number, outbox->oldest, w->blocks};
    if (w->blocks + 1 >= outbox->free)
        return POSTINO_OUTBOX_FULL;
    w->blocks++;
    bool begun = outbox->store->erase(outbox->store, block) && outbox->store->sync(outbox->store) &&
                 postino_outbox_slot_write(outbox, block * outbox->store->block_size, header);
    return begun ? POSTINO_OUTBOX_OK : POSTINO_OUTBOX_STORE;
}

/* What is held lies in one block, and is made whole units. */
static enum postino_outbox_error program_held(struct writer *w)
{
    struct postino_store *store = w->outbox->store;
    uint32_t room, place = postino_outbox_place(w->outbox, w->outbox->head, w->length - w->held, &room);
    uint32_t whole = (w->held + store->program_size - 1) / store->program_size * store->program_size;
    enum postino_outbox_error error = POSTINO_OUTBOX_OK;
    if (postino_outbox_blocks_of(w->outbox, w->length) > w->blocks)
        error = begin_block(w);
    memset(w->unit + w->held, 0xFF, sizeof w->unit - w->held);
    w->held = 0;
    if (!error && !store->program(store, place, w->unit, whole))
        error = POSTINO_OUTBOX_STORE;
    return error;
}

static enum postino_outbox_error put_octets(struct writer *w, const void *octets, size_t length)
{
    const uint8_t *from = octets;
    enum postino_outbox_error error = POSTINO_OUTBOX_OK;
    w->checksum = postino_outbox_checksum(w->checksum, octets, length);
    for (; length && !error; length--) {
        uint32_t room;
        w->unit[w->held++] = *from++;
        w->length++;
        postino_outbox_place(w->outbox, w->outbox->head, w->length - 1, &room);
        if (w->held == sizeof w->unit || room == 1)
            error = program_held(w);
    }
    return error;
}

static enum postino_outbox_error put_envelope(struct writer *w, const struct postino_mail *mail)
{
    enum postino_outbox_error error = put_octets(w, mail->reverse_path, strlen(mail->reverse_path) + 1);
    for (uint32_t i = 0; i < mail->recipient_count && !error; i++)
        error = put_octets(w, mail->recipients[i].address, strlen(mail->recipients[i].address) + 1);
    return error;
}

static enum postino_outbox_error put_content(struct writer *w, struct postino_source *source)
{
    uint8_t octets[128];
    ptrdiff_t got;
    if (source->prepare && !source->prepare(source, 0))
        return POSTINO_OUTBOX_SOURCE;
    while ((got = source->read(source, octets, sizeof octets)) > 0) {
        enum postino_outbox_error error = put_octets(w, octets, (size_t)got);
        if (error)
            return error;
    }
    if (got != POSTINO_SOURCE_END)
        return POSTINO_OUTBOX_SOURCE;
    return w->held ? program_held(w) : POSTINO_OUTBOX_OK;
}

static bool envelope_fits(const struct postino_mail *mail)
{
    if (mail->command || postino_mail_check(mail) || mail->recipient_count > POSTINO_OUTBOX_RECIPIENTS)
        return false;
    size_t length = strlen(mail->reverse_path) + 1;
    for (uint32_t i = 0; i < mail->recipient_count; i++)
        length += strlen(mail->recipients[i].address) + 1;
    return length <= POSTINO_OUTBOX_ENVELOPE;
}

static enum postino_outbox_error commit(struct writer *w, uint32_t recipients)
{
    struct postino_outbox *outbox = w->outbox;
    const uint32_t commitment[3] = {w->length, w->checksum, recipients};
    uint32_t address = outbox->head * outbox->store->block_size + postino_outbox_slot_size(outbox);
    return outbox->store->sync(outbox->store) && postino_outbox_slot_write(outbox, address, commitment)
               ? POSTINO_OUTBOX_OK
               : POSTINO_OUTBOX_STORE;
}

enum postino_outbox_error postino_outbox_put(struct postino_outbox *outbox, const struct postino_mail *mail)
{
    struct writer w = {.outbox = outbox};
    if (!envelope_fits(mail))
        return POSTINO_OUTBOX_MAIL;
    if (!outbox->opened || !postino_outbox_advance(outbox))
        return POSTINO_OUTBOX_STORE;
    uint32_t oldest = outbox->oldest;
    enum postino_outbox_error error = begin_block(&w);
    if (!error)
        error = put_envelope(&w, mail);
    if (!error)
        error = put_content(&w, mail->source);
    if (!error)
        error = commit(&w, mail->recipient_count);
    if (error && w.blocks > 1) /* others than the first were erased */
        pass_over(outbox);
    if (error)
        return error;
    outbox->carried = oldest;
    outbox->head = (outbox->head + w.blocks) % outbox->store->block_count;
    outbox->number++;
    outbox->waiting++;
    return POSTINO_OUTBOX_OK;
}
