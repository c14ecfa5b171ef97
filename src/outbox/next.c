/* Taking mails out, and what becomes of them. */
#include "internal.h"

enum {
    PAUSE_MOST_MS = 3600000
};

static struct postino_outbox *outbox_of(struct postino_source *source)
{
    return (struct postino_outbox *)(void *)((char *)source - offsetof(struct postino_outbox, source));
}

static ptrdiff_t read_kept(struct postino_source *source, void *buffer, size_t size)
{
    struct postino_outbox *outbox = outbox_of(source);
    uint32_t left = outbox->length - outbox->at, length = size < left ? (uint32_t)size : left;
    if (!postino_outbox_payload_read(outbox, outbox->block, outbox->at, buffer, length))
        return POSTINO_SOURCE_FAILED;
    outbox->at += length;
    return (ptrdiff_t)length;
}

static bool rewind_kept(struct postino_source *source)
{
    struct postino_outbox *outbox = outbox_of(source);
    outbox->at = outbox->content;
    return true;
}

enum loaded {
    LOADED,
    NOBODY, /* is left */
    BROKEN,
    UNREADABLE /* now */
};

static enum loaded look_through(struct postino_outbox *outbox, const struct postino_commitment *commitment)
{
    uint8_t octets[128];
    uint32_t checksum = 0;
    for (uint32_t at = 0; at < commitment->length; at += sizeof octets) {
        uint32_t left = commitment->length - at, length = left < sizeof octets ? left : (uint32_t)sizeof octets;
        if (!postino_outbox_payload_read(outbox, outbox->block, at, octets, length))
            return UNREADABLE;
        checksum = postino_outbox_checksum(checksum, octets, length);
    }
    return checksum == commitment->checksum ? LOADED : BROKEN;
}

static void add_recipient(struct postino_outbox *outbox, const char *address, uint8_t place)
{
    uint8_t i = outbox->place_count++;
    outbox->places[i] = place;
    outbox->recipients[i] = (struct postino_recipient){
        .address = address, .result = {.text = outbox->replies[i], .text_size = sizeof outbox->replies[i]}};
    outbox->replies[i][0] = '\0';
}

/* Of the envelope, what is still to be done. */
static enum loaded read_envelope(struct postino_outbox *outbox, const struct postino_commitment *commitment)
{
    uint32_t length = commitment->length < sizeof outbox->envelope ? commitment->length : sizeof outbox->envelope;
    const char *at = outbox->envelope, *end = outbox->envelope + length;
    if (!postino_outbox_payload_read(outbox, outbox->block, 0, outbox->envelope, length))
        return UNREADABLE;
    outbox->place_count = 0;
    for (uint8_t i = 0; i <= commitment->recipients; i++) { /* the reverse-path is the first */
        const char *next = memchr(at, '\0', (size_t)(end - at));
        if (!next)
            return BROKEN;
        if (i && !postino_outbox_marked(outbox, outbox->block, i))
            add_recipient(outbox, at, i);
        at = next + 1;
    }
    outbox->content = outbox->at = (uint32_t)(at - outbox->envelope);
    outbox->length = commitment->length;
    return outbox->unreadable ? UNREADABLE : LOADED;
}

static enum loaded load(struct postino_outbox *outbox, const struct postino_commitment *commitment)
{
    enum loaded loaded = look_through(outbox, commitment);
    if (loaded == LOADED)
        loaded = read_envelope(outbox, commitment);
    if (loaded != LOADED)
        return loaded;
    outbox->source = (struct postino_source){.read = read_kept, .rewind = rewind_kept};
    outbox->reply[0] = '\0';
    outbox->mail = (struct postino_mail){.reverse_path = outbox->envelope,
                                         .recipients = outbox->recipients,
                                         .recipient_count = outbox->place_count,
                                         .source = &outbox->source,
                                         .result = {.text = outbox->reply, .text_size = sizeof outbox->reply}};
    return outbox->place_count ? LOADED : NOBODY;
}

/* The mail in `block` leaves. */
static bool leave(struct postino_outbox *outbox)
{
    if (!postino_outbox_mark(outbox, outbox->block, 0))
        return false;
    outbox->waiting--;
    outbox->brought = true;
    postino_outbox_advance(outbox);
    return true;
}

/* All have been tried. A pass over the new ones alone does not put off the others. */
static void rest(struct postino_outbox *outbox, uint64_t now_ms)
{
    if (outbox->whole) {
        if (outbox->brought)
            outbox->pause_ms = POSTINO_OUTBOX_PAUSE_MS;
        outbox->pause_until_ms = now_ms + outbox->pause_ms;
        outbox->pause_ms = outbox->pause_ms < PAUSE_MOST_MS / 2 ? 2 * outbox->pause_ms : PAUSE_MOST_MS;
    }
    outbox->whole = outbox->brought = false;
}

/* The mail `next` is to be tried. */
static bool take_out(struct postino_outbox *outbox)
{
    struct postino_commitment commitment;
    outbox->block = outbox->head;
    outbox->unreadable = false;
    if (postino_outbox_find(outbox, outbox->next, &outbox->block, &commitment) != POSTINO_WAITS || outbox->unreadable)
        return false;
    enum loaded loaded = load(outbox, &commitment);
    if ((loaded == NOBODY || loaded == BROKEN) && leave(outbox))
        outbox->damaged += loaded == BROKEN;
    return loaded == LOADED;
}

struct postino_mail *postino_outbox_next(struct postino_outbox *outbox, uint64_t now_ms)
{
    if (!outbox->opened || outbox->busy || postino_outbox_wait_ms(outbox, now_ms))
        return NULL;
    if (outbox->next == outbox->number) {
        outbox->next = outbox->oldest;
        outbox->whole = true;
    }
    for (; outbox->next != outbox->number; outbox->next++) {
        outbox->busy = take_out(outbox);
        if (outbox->busy)
            return &outbox->mail;
    }
    rest(outbox, now_ms);
    return NULL;
}

static bool is_settled(const struct postino_recipient *recipient)
{
    return recipient->result.outcome == POSTINO_ACCEPTED || recipient->result.outcome == POSTINO_REFUSED_FOR_GOOD;
}

/* Some of its recipients are settled, others are not. */
static bool mark_settled(struct postino_outbox *outbox)
{
    bool marked = true;
    for (uint8_t i = 0; i < outbox->place_count; i++)
        if (is_settled(&outbox->recipients[i]))
            marked = postino_outbox_mark(outbox, outbox->block, outbox->places[i]) && marked;
    return marked;
}

bool postino_outbox_done(struct postino_outbox *outbox, uint64_t now_ms)
{
    bool all = true;
    if (!outbox->busy)
        return true;
    for (uint8_t i = 0; i < outbox->place_count; i++) {
        all = all && is_settled(&outbox->recipients[i]);
        if (outbox->refused && outbox->recipients[i].result.outcome == POSTINO_REFUSED_FOR_GOOD)
            outbox->refused(outbox, &outbox->recipients[i]);
    }
    bool kept = all ? leave(outbox) : mark_settled(outbox);
    outbox->busy = false;
    outbox->next++;
    if (outbox->next == outbox->number)
        rest(outbox, now_ms);
    return kept;
}

uint32_t postino_outbox_wait_ms(const struct postino_outbox *outbox, uint64_t now_ms)
{
    if (!outbox->waiting)
        return UINT32_MAX;
    return outbox->next != outbox->number || now_ms >= outbox->pause_until_ms
               ? 0
               : (uint32_t)(outbox->pause_until_ms - now_ms);
}
