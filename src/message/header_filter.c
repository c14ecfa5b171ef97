/*
 * Leaves Bcc out of a message that exists (RFC 5322 3.6.3). An octet goes out as soon as it is sure that its line does
 * not begin with "Bcc:" or "Resent-Bcc:", in any case and with white space before the colon (RFC 5322 4.5).
 */
#include "internal.h"

enum state {
    LINE_BEGIN,
    FIELD_NAME,
    LINE,
    BODY
};

enum match {
    MATCH_NO,
    MATCH_MAYBE,
    MATCH_YES
};

static enum match match_name(const uint8_t *text, size_t length, const char *name)
{
    size_t name_length = strlen(name), common = length < name_length ? length : name_length;
    if (!postino_same((const char *)text, name, common))
        return MATCH_NO;
    for (size_t i = name_length; i < length; i++) {
        if (text[i] == ':')
            return MATCH_YES;
        if (text[i] != ' ' && text[i] != '\t')
            return MATCH_NO;
    }
    /* A name with more white space than is held is no header field at all: better lost than told. */
    return length == POSTINO_HEADER_HOLD ? MATCH_YES : MATCH_MAYBE;
}

static enum match match(const struct postino_header_filter *filter)
{
    enum match bcc = match_name(filter->hold, filter->held, "bcc");
    return bcc != MATCH_NO ? bcc : match_name(filter->hold, filter->held, "resent-bcc");
}

/* `octet` is on a line that is known. */
static size_t pass(struct postino_header_filter *filter, uint8_t octet, uint8_t *out)
{
    bool line_end = octet == '\r' || octet == '\n';
    filter->after_cr = octet == '\r';
    filter->state = line_end ? LINE_BEGIN : LINE;
    if (filter->dropping) {
        filter->removed += line_end ? 2 : 1;
        return 0;
    }
    filter->lone_cr = octet == '\r';
    *out = octet;
    return 1;
}

/*
 * What is dropped may have stood between a lone CR and a lone LF, two line ends that must not become one: that would
 * take away the empty line behind the header section. So the CR gets its LF.
 */
static size_t drop(struct postino_header_filter *filter, size_t held, uint8_t *out)
{
    filter->dropping = true;
    filter->removed += held;
    if (!filter->lone_cr)
        return 0;
    filter->lone_cr = false;
    *out = '\n';
    return 1;
}

/* Adds to the name that is held. */
static size_t name_octet(struct postino_header_filter *filter, uint8_t octet, uint8_t *out)
{
    filter->hold[filter->held++] = octet;
    enum match matched = match(filter);
    if (matched == MATCH_MAYBE)
        return 0;
    size_t held = filter->held - (size_t)(matched == MATCH_NO);
    filter->held = 0;
    filter->state = LINE;
    if (matched == MATCH_YES)
        return drop(filter, held, out);
    memcpy(out, filter->hold, held);
    return held + pass(filter, octet, out + held);
}

/* Takes an octet; what goes out for it is at most what was held, and itself. */
static size_t take(struct postino_header_filter *filter, uint8_t octet, uint8_t *out)
{
    bool second = octet == '\n' && filter->after_cr;
    filter->after_cr = false;
    if (second && filter->dropping)
        return 0;
    if (second) {
        filter->lone_cr = false;
        *out = octet;
        return 1;
    }
    if (filter->state == BODY) {
        *out = octet;
        return 1;
    }
    if (filter->state == LINE_BEGIN && (octet == '\r' || octet == '\n')) {
        filter->dropping = false;
        size_t length = pass(filter, octet, out);
        filter->state = BODY;
        return length;
    }
    if (filter->state == LINE_BEGIN && octet != ' ' && octet != '\t') {
        filter->dropping = false;
        filter->state = FIELD_NAME;
    }
    return filter->state == FIELD_NAME ? name_octet(filter, octet, out) : pass(filter, octet, out);
}

static bool over(const struct postino_header_filter *filter)
{
    return filter->state == BODY && !filter->after_cr;
}

static size_t give(struct postino_header_filter *filter, uint8_t *out, size_t size)
{
    size_t left = (size_t)(filter->held - filter->given), length = left < size ? left : size;
    memcpy(out, filter->hold + filter->given, length);
    filter->given = (uint8_t)(filter->given + length);
    if (filter->given == filter->held)
        filter->given = filter->held = 0;
    return length;
}

/* The message ended in what could have become a field's name. */
static ptrdiff_t give_rest(struct postino_header_filter *filter, uint8_t *out, size_t size)
{
    filter->ended = true;
    filter->state = LINE;
    return (ptrdiff_t)give(filter, out, size);
}

/* Room for what is held is left before the octets that are read, so that they can be taken in place. */
static ptrdiff_t read_large(struct postino_header_filter *filter, uint8_t *out, size_t size)
{
    uint8_t *octets = out + POSTINO_HEADER_HOLD;
    ptrdiff_t got = filter->inner->read(filter->inner, octets, size - POSTINO_HEADER_HOLD);
    size_t written = 0;
    if (got == POSTINO_SOURCE_END)
        return give_rest(filter, out, size);
    for (ptrdiff_t i = 0; i < got; i++)
        written += take(filter, octets[i], out + written);
    return got < 0 ? got : (ptrdiff_t)written;
}

static ptrdiff_t read_octet(struct postino_header_filter *filter, uint8_t *out, size_t size)
{
    uint8_t octet, taken[POSTINO_HEADER_HOLD];
    ptrdiff_t got = filter->inner->read(filter->inner, &octet, 1);
    if (got == POSTINO_SOURCE_END)
        return give_rest(filter, out, size);
    if (got < 0)
        return got;
    size_t length = take(filter, octet, taken);
    if (!length)
        return 0;
    memcpy(filter->hold, taken, length);
    filter->held = (uint8_t)length;
    return (ptrdiff_t)give(filter, out, size);
}

static ptrdiff_t filter_read(struct postino_source *source, void *buffer, size_t size)
{
    struct postino_header_filter *filter = (struct postino_header_filter *)source;
    ptrdiff_t got = 0;
    filter->begun = true;
    /* Held octets are those of a name, or such as have been judged and wait for room. */
    if (filter->held && filter->state != FIELD_NAME)
        return (ptrdiff_t)give(filter, buffer, size);
    while (!got && !filter->ended) {
        if (over(filter))
            return filter->inner->read(filter->inner, buffer, size);
        got = size >= 4 * POSTINO_HEADER_HOLD ? read_large(filter, buffer, size) : read_octet(filter, buffer, size);
    }
    return got;
}

static void begin(struct postino_header_filter *filter)
{
    filter->removed = 0;
    filter->held = filter->given = 0;
    filter->state = LINE_BEGIN;
    filter->dropping = filter->after_cr = filter->lone_cr = filter->begun = filter->ended = false;
}

static bool filter_rewind(struct postino_source *source)
{
    struct postino_header_filter *filter = (struct postino_header_filter *)source;
    begin(filter);
    return filter->inner->rewind(filter->inner);
}

/* Reads the headers to count what they lose. */
static bool count_removed(struct postino_header_filter *filter)
{
    uint8_t octets[64], out[POSTINO_HEADER_HOLD];
    ptrdiff_t got = 1;
    while (got > 0 && !over(filter)) {
        got = filter->inner->read(filter->inner, octets, sizeof octets);
        for (ptrdiff_t i = 0; i < got; i++)
            take(filter, octets[i], out);
    }
    return got != POSTINO_SOURCE_NOT_YET && got != POSTINO_SOURCE_FAILED;
}

static bool filter_prepare(struct postino_source *source, unsigned offers)
{
    struct postino_header_filter *filter = (struct postino_header_filter *)source;
    struct postino_source *inner = filter->inner;
    if (filter->begun && (!source->rewind || !filter_rewind(source)))
        return false;
    if (inner->prepare && !inner->prepare(inner, offers))
        return false;
    source->seven_bit = inner->seven_bit;
    source->utf8 = inner->utf8;
    source->length = 0;
    if (!inner->length || !inner->rewind)
        return true;
    begin(filter);
    bool counted = count_removed(filter);
    uint64_t removed = filter->removed;
    if (counted && removed <= inner->length)
        source->length = (size_t)(inner->length - removed);
    return filter_rewind(source);
}

void postino_header_filter_open(struct postino_header_filter *filter, struct postino_source *inner)
{
    memset(filter, 0, sizeof *filter);
    begin(filter);
    filter->inner = inner;
    filter->source.read = filter_read;
    filter->source.prepare = filter_prepare;
    filter->source.rewind = inner->rewind ? filter_rewind : NULL;
    filter->source.seven_bit = inner->seven_bit;
    filter->source.utf8 = inner->utf8;
}
