/* The composed message as a source. */
#include "internal.h"

static size_t drain(struct postino_message_source *composed, uint8_t *out, size_t size)
{
    size_t staged = (size_t)(composed->stage_end - composed->stage_at);
    if (staged) {
        size_t length = staged < size ? staged : size;
        memcpy(out, composed->stage + composed->stage_at, length);
        composed->stage_at = (uint8_t)(composed->stage_at + length);
        return length;
    }
    size_t length = composed->piece_length < size ? composed->piece_length : size;
    if (!length)
        return 0;
    memcpy(out, composed->piece, length);
    composed->piece += length;
    composed->piece_length -= length;
    return length;
}

/* The content is over: what its encoding held back goes to the stage, which is empty. */
static ptrdiff_t end_content(struct postino_message_source *composed)
{
    if (composed->exact && composed->taken != composed->expected)
        return POSTINO_SOURCE_FAILED;
    composed->stage_end =
        (uint8_t)postino_encode_end((enum postino_encoding)composed->encoding, &composed->encoder, composed->stage);
    composed->content = NULL;
    return 0;
}

/* Reads to the end of the room and encodes forward from its beginning, so that nothing is copied. */
static ptrdiff_t encode_content(struct postino_message_source *composed, uint8_t *out, size_t size)
{
    enum postino_encoding encoding = (enum postino_encoding)composed->encoding;
    size_t room = postino_encode_room(encoding, size);
    uint8_t *octets = out + size - room;
    ptrdiff_t got = composed->content->read(composed->content, octets, room);
    if (got == POSTINO_SOURCE_END)
        return end_content(composed);
    if (got < 0)
        return got;
    composed->taken += (uint64_t)got;
    if (composed->exact && composed->taken > composed->expected)
        return POSTINO_SOURCE_FAILED;
    size_t written = postino_encode(encoding, &composed->encoder, octets, (size_t)got, out);
    /* The text may have changed since it was scanned. */
    if (encoding <= POSTINO_8BIT && !postino_text_fits(composed, encoding == POSTINO_8BIT))
        return POSTINO_SOURCE_FAILED;
    return (ptrdiff_t)written;
}

static ptrdiff_t read_content(struct postino_message_source *composed, uint8_t *out, size_t size)
{
    composed->stage_at = composed->stage_end = 0;
    if (size >= POSTINO_MESSAGE_STAGE)
        return encode_content(composed, out, size);
    ptrdiff_t got = encode_content(composed, composed->stage, POSTINO_MESSAGE_STAGE);
    if (got < 0)
        return got;
    if (got > 0)
        composed->stage_end = (uint8_t)got;
    return 0;
}

static void next_piece(struct postino_message_source *composed)
{
    composed->stage_at = composed->stage_end = 0;
    postino_next_field(composed);
}

/* Fills `out` as far as it goes. */
static ptrdiff_t fill(struct postino_message_source *composed, uint8_t *out, size_t size)
{
    size_t filled = 0;
    while (filled < size) {
        size_t drained = drain(composed, out + filled, size - filled);
        filled += drained;
        if (drained)
            continue;
        if (composed->content) {
            ptrdiff_t got = read_content(composed, out + filled, size - filled);
            if (got < 0)
                return got == POSTINO_SOURCE_NOT_YET && filled ? (ptrdiff_t)filled : got;
            filled += (size_t)got;
        } else if (composed->step == POSTINO_STEP_END) {
            break;
        } else {
            next_piece(composed);
        }
    }
    return (ptrdiff_t)filled;
}

static void begin(struct postino_message_source *composed)
{
    composed->content = NULL;
    composed->piece_length = 0;
    composed->stage_at = composed->stage_end = 0;
    composed->produced = 0;
    composed->column = 0;
    composed->failed = false;
    composed->step = POSTINO_STEP_DATE;
    composed->phase = 0;
    composed->item = composed->at = composed->stretch = 0;
}

static bool message_rewind(struct postino_source *source)
{
    struct postino_message_source *composed = (struct postino_message_source *)source;
    const struct postino_message *message = composed->message;
    if (message->text && !message->text->rewind(message->text))
        return false;
    for (size_t i = 0; i < message->part_count; i++)
        if (!message->parts[i].source->rewind(message->parts[i].source))
            return false;
    begin(composed);
    return true;
}

static bool prepare_sources(const struct postino_message *message, unsigned offers)
{
    struct postino_source *text = message->text;
    if (text && text->prepare && !text->prepare(text, offers))
        return false;
    for (size_t i = 0; i < message->part_count; i++) {
        struct postino_source *part = message->parts[i].source;
        if (part->prepare && !part->prepare(part, offers))
            return false;
    }
    return true;
}

/* The message is made once without its contents, whose lengths are known: so its length is right by construction. */
static size_t measure(struct postino_message_source *composed)
{
    uint64_t length = 0;
    bool known = true;
    begin(composed);
    while (composed->step != POSTINO_STEP_END) {
        next_piece(composed);
        length += composed->stage_end + composed->piece_length;
        composed->piece_length = 0;
        if (!composed->content)
            continue;
        bool text = composed->encoding < POSTINO_BASE64;
        uint64_t content = text                                   ? composed->text_length
                           : composed->encoding == POSTINO_BINARY ? composed->content->length
                                                                  : postino_part_length(composed->content);
        known = known && (text ? composed->text_exact : content != 0) && length + content >= length;
        length += content;
        composed->content = NULL;
    }
    begin(composed);
    return known && (size_t)length == length ? (size_t)length : 0;
}

static bool message_prepare(struct postino_source *source, unsigned offers)
{
    struct postino_message_source *composed = (struct postino_message_source *)source;
    composed->prepared = false;
    if (composed->produced && (!source->rewind || !source->rewind(source)))
        return false;
    source->utf8 = composed->wide;
    if (composed->wide && !(offers & POSTINO_OFFERS_SMTPUTF8))
        return false;
    if (!prepare_sources(composed->message, offers) || !postino_text_scan(composed, offers))
        return false;
    source->binary =
        composed->message->part_count && offers & POSTINO_OFFERS_BINARYMIME && offers & POSTINO_OFFERS_CHUNKING;
    source->canonical = !source->binary;
    source->length = measure(composed);
    source->seven_bit = composed->text_encoding != POSTINO_8BIT && !composed->wide;
    composed->prepared = true;
    return true;
}

static ptrdiff_t message_read(struct postino_source *source, void *buffer, size_t size)
{
    struct postino_message_source *composed = (struct postino_message_source *)source;
    if (composed->failed || !composed->message || (!composed->prepared && !message_prepare(source, 0)))
        return POSTINO_SOURCE_FAILED;
    ptrdiff_t got = fill(composed, buffer, size);
    if (got == POSTINO_SOURCE_NOT_YET)
        return got;
    composed->produced += got > 0 ? (uint64_t)got : 0;
    /* What was promised as SIZE or as a chunk is kept, or the mail is not sent. */
    bool wrong = source->length && (got ? composed->produced > source->length : composed->produced != source->length);
    composed->failed = got < 0 || wrong;
    return composed->failed ? POSTINO_SOURCE_FAILED : got;
}

static bool rewinds(const struct postino_message *message)
{
    if (message->text && !message->text->rewind)
        return false;
    for (size_t i = 0; i < message->part_count; i++)
        if (!message->parts[i].source->rewind)
            return false;
    return true;
}

enum postino_message_error postino_message_open(struct postino_message_source *composed,
                                                const struct postino_message *message)
{
    memset(composed, 0, sizeof *composed);
    composed->source.read = message_read;
    enum postino_message_error error = postino_message_check(composed, message);
    if (error)
        return error;
    composed->wrong_field = NULL;
    composed->wrong_item = 0;
    composed->message = message;
    composed->source.prepare = message_prepare;
    composed->source.rewind = rewinds(message) ? message_rewind : NULL;
    return POSTINO_MESSAGE_OK;
}
