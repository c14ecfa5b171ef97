/* The text is read once before it is sent: what it holds decides how it is encoded, and how long the message is. */
#include "internal.h"

struct scan {
    uint64_t octets;           /* as read */
    uint64_t lines;            /* with CR LF */
    uint64_t quoted_printable; /* as that */
};

static uint64_t base64_length(uint64_t octets)
{
    return (octets + 2) / 3 * 4 + (octets + 56) / 57 * 2;
}

/* The length that a part will have; 0: not known. */
uint64_t postino_part_length(const struct postino_source *source)
{
    uint64_t length = source->length;
    return length <= UINT64_MAX / 4 ? base64_length(length) : 0;
}

static void scan_octets(struct postino_message_source *composed, struct postino_encoder *quoted, struct scan *scan,
                        size_t length)
{
    uint8_t scratch[40]; /* for eight octets of quoted-printable, and what was held back */
    for (size_t i = 0; i < length; i += 8)
        scan->quoted_printable +=
            postino_quoted_printable(quoted, composed->stage + i, length - i < 8 ? length - i : 8, scratch);
    scan->lines += postino_lines(&composed->encoder, composed->stage, length, NULL);
    scan->octets += length;
}

/* Returns the end, or why it stopped before. */
static ptrdiff_t scan_all(struct postino_message_source *composed, struct scan *scan)
{
    struct postino_source *text = composed->message->text;
    struct postino_encoder quoted;
    uint8_t scratch[16];
    ptrdiff_t got;
    memset(&quoted, 0, sizeof quoted);
    memset(&composed->encoder, 0, sizeof composed->encoder);
    while ((got = text->read(text, composed->stage, sizeof composed->stage)) > 0)
        scan_octets(composed, &quoted, scan, (size_t)got);
    scan->lines += postino_encode_end(POSTINO_7BIT, &composed->encoder, scratch);
    scan->quoted_printable += postino_encode_end(POSTINO_QUOTED_PRINTABLE, &quoted, scratch);
    return got;
}

bool postino_text_fits(const struct postino_message_source *composed, bool eight_bit)
{
    const struct postino_encoder *encoder = &composed->encoder;
    return !encoder->nul && encoder->longest <= POSTINO_LINE_MAX && (eight_bit || encoder->seen < 0x80) &&
           !(encoder->delimiter && composed->message->part_count);
}

static void choose(struct postino_message_source *composed, const struct scan *scan, unsigned offers)
{
    uint64_t base64 = base64_length(scan->lines);
    composed->text_length = scan->lines;
    if (postino_text_fits(composed, false)) {
        composed->text_encoding = POSTINO_7BIT;
    } else if ((offers & POSTINO_OFFERS_8BITMIME) && postino_text_fits(composed, true)) {
        composed->text_encoding = POSTINO_8BIT;
    } else if (base64 < scan->quoted_printable) {
        composed->text_encoding = POSTINO_BASE64_TEXT;
        composed->text_length = base64;
    } else {
        composed->text_encoding = POSTINO_QUOTED_PRINTABLE;
        composed->text_length = scan->quoted_printable;
    }
}

bool postino_text_scan(struct postino_message_source *composed, unsigned offers)
{
    struct postino_source *text = composed->message->text;
    struct scan scan = {0, 0, 0};
    composed->text_encoding = POSTINO_QUOTED_PRINTABLE;
    composed->text_exact = false;
    if (!text || text->rewind) {
        ptrdiff_t got = text ? scan_all(composed, &scan) : POSTINO_SOURCE_END;
        if (got == POSTINO_SOURCE_FAILED || (text && !text->rewind(text)))
            return false;
        /* A text that is not there yet cannot be waited for here: it goes as what fits every text. */
        if (got == POSTINO_SOURCE_NOT_YET)
            return true;
        if (!text)
            memset(&composed->encoder, 0, sizeof composed->encoder);
        composed->text_exact = true;
        composed->text_octets = scan.octets;
        choose(composed, &scan, offers);
    }
    return true;
}
