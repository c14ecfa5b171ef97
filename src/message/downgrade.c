/*
 * A message that exists, for a server without 8BITMIME (RFC 6152 3): what is declared as 8bit becomes quoted-printable
 * on the way, part by part, and what holds such parts becomes 7bit (RFC 2045 6.4). The rest goes as it is: other
 * encodings, what is signed or encrypted (RFC 1847), and what does not say what it is. 8-bit octets in those are the
 * session's to refuse.
 *
 * A line is held back as long as it can become a field that is changed, or a delimiter. The field that says 8bit is
 * left out, and stands again at the end of its header section, where the kind of the entity is known.
 */
#include "internal.h"

enum state {
    LINE_BEGIN,
    HOLDING, /* the line may be one that counts */
    ENCODING_FIELD,
    TYPE_FIELD,
    LINE
};

enum match {
    MATCH_NO,
    MATCH_MAYBE,
    MATCH_YES
};

enum {
    LARGEST = POSTINO_DOWNGRADE_STAGE /* what one octet can become: all that is held, quoted, and a field behind it */
};

static const char encoding_name[] = "content-transfer-encoding";
static const char type_name[] = "content-type";

static size_t copy(uint8_t *out, const void *octets, size_t length)
{
    memcpy(out, octets, length);
    return length;
}

/* Gives octets of a line in the way of the entity that they stand in. */
static size_t give(struct postino_downgrade *d, const uint8_t *octets, size_t length, uint8_t *out)
{
    return d->quoting ? postino_quoted_printable(&d->encoder, octets, length, out) : copy(out, octets, length);
}

static size_t give_held(struct postino_downgrade *d, uint8_t *out)
{
    size_t length = give(d, d->hold, d->held, out);
    d->held = 0;
    return length;
}

static size_t give_line_end(struct postino_downgrade *d, uint8_t *out)
{
    return give(d, (const uint8_t *)"\r\n", 2, out);
}

/* ---- Header sections ---- */

static void begin_entity(struct postino_downgrade *d, bool of_digest)
{
    postino_entity_begin(&d->entity);
    d->in_header = true;
    d->quoting = false;
    d->eight_bit = d->seven_bit = d->other = false;
    if (of_digest)
        d->entity.kind = POSTINO_ENTITY_MESSAGE; /* RFC 2046 5.1.5 */
}

static bool enters(const struct postino_downgrade *d)
{
    const struct postino_entity *entity = &d->entity;
    if (entity->twice || d->other)
        return false;
    if (entity->kind == POSTINO_ENTITY_MULTIPART)
        return !entity->broken && entity->boundary.length && d->depth < POSTINO_DOWNGRADE_DEPTH;
    return entity->kind == POSTINO_ENTITY_MESSAGE;
}

/* The header section is over: puts the field that was left out, and says what becomes of the body. */
static size_t end_header(struct postino_downgrade *d, uint8_t *out)
{
    const char *encoding = "8bit";
    bool inside = enters(d);
    d->in_header = false;
    if (inside)
        encoding = "7bit";
    else if (d->entity.kind == POSTINO_ENTITY_LEAF && !d->entity.twice && !d->other)
        encoding = "quoted-printable";
    d->quoting = d->eight_bit && *encoding == 'q';
    if (inside && d->entity.kind == POSTINO_ENTITY_MULTIPART) {
        d->boundaries[d->depth] = d->entity.boundary;
        d->boundaries[d->depth++].digest = d->entity.digest;
    }
    if (!d->eight_bit)
        return 0;
    size_t length = copy(out, "Content-Transfer-Encoding: ", 27);
    length += copy(out + length, encoding, strlen(encoding));
    return length + copy(out + length, "\r\n", 2);
}

/* The empty line behind a header section. */
static size_t end_fields(struct postino_downgrade *d, uint8_t *out)
{
    size_t length = end_header(d, out);
    length += copy(out + length, "\r\n", 2);
    if (d->entity.kind == POSTINO_ENTITY_MESSAGE && enters(d))
        begin_entity(d, false);
    return length;
}

/* The encoding of the entity has been held whole. */
static size_t end_encoding(struct postino_downgrade *d, uint8_t *out)
{
    const uint8_t *colon = memchr(d->hold, ':', d->held);
    size_t length = (size_t)(d->hold + d->held - colon - 1);
    bool eight_bit = postino_entity_is_encoded(colon + 1, length, "8bit");
    bool seven_bit = postino_entity_is_encoded(colon + 1, length, "7bit"); /* some say so of what holds 8bit */
    d->eight_bit = d->eight_bit || eight_bit;
    d->seven_bit = d->seven_bit || seven_bit;
    d->other = d->other || (!eight_bit && !seven_bit) || (d->eight_bit && d->seven_bit);
    if (!eight_bit)
        return give_held(d, out);
    d->held = 0;
    return 0;
}

/* The line before was the last of its field. */
static size_t end_field(struct postino_downgrade *d, uint8_t *out)
{
    enum state state = (enum state)d->field;
    d->field = LINE;
    if (state == TYPE_FIELD)
        postino_entity_type_end(&d->entity);
    return state == ENCODING_FIELD ? end_encoding(d, out) : 0;
}

/* How far the held line is `name`, white space and a colon (RFC 5322 4.5). */
static enum match match_field(const struct postino_downgrade *d, const char *name)
{
    size_t length = strlen(name), common = d->held < length ? d->held : length;
    if (!postino_same((const char *)d->hold, name, common))
        return MATCH_NO;
    for (size_t i = length; i < d->held; i++) {
        if (d->hold[i] == ':')
            return MATCH_YES;
        if (d->hold[i] != ' ' && d->hold[i] != '\t')
            return MATCH_NO;
    }
    return d->held == POSTINO_DOWNGRADE_HOLD ? MATCH_NO : MATCH_MAYBE;
}

/* ---- Delimiters (RFC 2046 5.1.1) ---- */

/* What stands behind a boundary on its line: nothing, "--", white space. */
static bool tail(const uint8_t *octets, size_t length, bool *closes)
{
    *closes = length >= 2 && octets[0] == '-' && octets[1] == '-';
    for (size_t i = *closes ? 2 : 0; i < length; i++)
        if (octets[i] != ' ' && octets[i] != '\t')
            return false;
    return true;
}

/* The entity whose delimiter the held line is, counted from 1, or 0. */
static size_t delimits(const struct postino_downgrade *d, bool *closes)
{
    for (size_t i = d->depth; i > 0; i--) {
        const struct postino_boundary *boundary = &d->boundaries[i - 1];
        size_t length = boundary->length + 2u;
        if (d->held >= length && memcmp(d->hold, "--", 2) == 0 &&
            memcmp(d->hold + 2, boundary->octets, boundary->length) == 0 &&
            tail(d->hold + length, d->held - length, closes))
            return i;
    }
    return 0;
}

/* Can the held octets become a delimiter? */
static bool may_delimit(const struct postino_downgrade *d)
{
    bool closes;
    if (d->held == POSTINO_DOWNGRADE_HOLD)
        return false;
    if (delimits(d, &closes))
        return true;
    for (size_t i = 0; i < d->depth; i++) {
        const struct postino_boundary *boundary = &d->boundaries[i];
        size_t behind = d->held > 2 ? d->held - 2u : 0, common = behind < boundary->length ? behind : boundary->length;
        bool dash = behind <= boundary->length || (behind == boundary->length + 1u && d->hold[d->held - 1] == '-');
        if (dash && memcmp(d->hold, "--", d->held < 2 ? d->held : 2) == 0 &&
            memcmp(d->hold + 2, boundary->octets, common) == 0)
            return true;
    }
    return false;
}

static size_t delimiter(struct postino_downgrade *d, size_t of, bool closes, uint8_t *out)
{
    size_t length = d->in_header ? end_header(d, out) : 0;
    d->quoting = false;
    length += give_held(d, out + length);
    d->depth = (uint8_t)(closes ? of - 1 : of);
    if (!closes)
        begin_entity(d, d->boundaries[of - 1].digest);
    return length;
}

/* ---- Octet by octet ---- */

/* The held line is complete, or goes on as one that is none of those. */
static void settle(struct postino_downgrade *d)
{
    enum match encoding = MATCH_NO, type = MATCH_NO;
    if (d->in_header) {
        encoding = match_field(d, encoding_name);
        type = match_field(d, type_name);
    }
    if (encoding == MATCH_YES) {
        d->state = d->field = ENCODING_FIELD;
    } else if (type == MATCH_YES) {
        d->state = d->field = TYPE_FIELD;
        postino_entity_type_begin(&d->entity);
    } else if (encoding == MATCH_NO && type == MATCH_NO && !may_delimit(d)) {
        d->state = LINE;
    }
}

static size_t held_octet(struct postino_downgrade *d, uint8_t octet, uint8_t *out)
{
    bool closes;
    d->hold[d->held++] = octet;
    size_t of = d->held == POSTINO_DOWNGRADE_HOLD ? delimits(d, &closes) : 0;
    if (of) { /* with more white space behind it than can be held */
        size_t length = delimiter(d, of, closes, out);
        d->state = LINE;
        return length;
    }
    settle(d);
    return d->state == LINE || d->state == TYPE_FIELD ? give_held(d, out) : 0;
}

/* An encoding that is too long to be held is none that is known. */
static size_t encoding_octet(struct postino_downgrade *d, uint8_t octet, uint8_t *out)
{
    d->hold[d->held++] = octet;
    if (d->held < POSTINO_DOWNGRADE_HOLD - 2)
        return 0;
    d->other = true;
    d->field = d->state = LINE;
    return give_held(d, out);
}

static size_t line_octet(struct postino_downgrade *d, uint8_t octet, uint8_t *out)
{
    size_t length = 0;
    if (d->state == LINE_BEGIN && d->in_header && (octet == ' ' || octet == '\t')) {
        d->state = d->field; /* the field goes on */
    } else if (d->state == LINE_BEGIN) {
        length = d->in_header ? end_field(d, out) : 0;
        d->state = HOLDING;
    }
    switch ((enum state)d->state) {
    case HOLDING:
        return length + held_octet(d, octet, out + length);
    case ENCODING_FIELD:
        return length + encoding_octet(d, octet, out + length);
    case TYPE_FIELD:
        postino_entity_type_octet(&d->entity, octet);
        break;
    case LINE_BEGIN:
    case LINE:
        break;
    }
    return length + give(d, &octet, 1, out + length);
}

static size_t line_end(struct postino_downgrade *d, uint8_t *out)
{
    bool closes, empty = d->state == LINE_BEGIN;
    size_t of = d->state == HOLDING ? delimits(d, &closes) : 0, length = 0;
    bool held = d->state == ENCODING_FIELD;
    d->state = LINE_BEGIN;
    if (of) {
        length = delimiter(d, of, closes, out);
        return length + copy(out + length, "\r\n", 2);
    }
    if (empty && d->in_header) {
        length = end_field(d, out);
        return length + end_fields(d, out + length);
    }
    if (held) {
        d->held = (uint8_t)(d->held + copy(d->hold + d->held, "\r\n", 2));
        return 0;
    }
    length = give_held(d, out);
    return length + give_line_end(d, out + length);
}

static size_t take(struct postino_downgrade *d, uint8_t octet, uint8_t *out)
{
    bool second = octet == '\n' && d->after_cr;
    d->after_cr = octet == '\r';
    if (second)
        return 0;
    return octet == '\r' || octet == '\n' ? line_end(d, out) : line_octet(d, octet, out);
}

/* The message is over, perhaps in the middle of a line or of its header section. */
static size_t finish(struct postino_downgrade *d, uint8_t *out)
{
    size_t length = 0;
    d->ended = true;
    if (d->state != LINE_BEGIN)
        length = line_end(d, out);
    if (d->in_header) {
        length += end_field(d, out + length);
        length += end_header(d, out + length);
    }
    return length;
}

/* ---- The source ---- */

static size_t give_staged(struct postino_downgrade *d, uint8_t *out, size_t size)
{
    size_t left = (size_t)(d->staged - d->given), length = left < size ? left : size;
    memcpy(out, d->stage + d->given, length);
    d->given = (uint16_t)(d->given + length);
    return length;
}

/* Octets are read to the far end of the buffer, and become at most what reaches up to those that are still to come. */
static ptrdiff_t read_large(struct postino_downgrade *d, uint8_t *out, size_t size)
{
    size_t room = (size - LARGEST) / 5, written = 0;
    uint8_t *octets = out + size - room;
    ptrdiff_t got = d->inner->read(d->inner, octets, room);
    if (got == POSTINO_SOURCE_END)
        return (ptrdiff_t)finish(d, out);
    for (ptrdiff_t i = 0; i < got; i++)
        written += take(d, octets[i], out + written);
    return got < 0 ? got : (ptrdiff_t)written;
}

static ptrdiff_t read_octet(struct postino_downgrade *d, uint8_t *out, size_t size)
{
    uint8_t octet;
    ptrdiff_t got = d->inner->read(d->inner, &octet, 1);
    if (got < 0)
        return got;
    d->given = 0;
    d->staged = (uint16_t)(got ? take(d, octet, d->stage) : finish(d, d->stage));
    return (ptrdiff_t)give_staged(d, out, size);
}

static ptrdiff_t downgrade_read(struct postino_source *source, void *buffer, size_t size)
{
    struct postino_downgrade *d = (struct postino_downgrade *)source;
    ptrdiff_t got = 0;
    d->begun = true;
    if (!d->works)
        return d->inner->read(d->inner, buffer, size);
    if (d->given < d->staged)
        return (ptrdiff_t)give_staged(d, buffer, size);
    while (!got && !d->ended)
        got = size >= 2 * LARGEST ? read_large(d, buffer, size) : read_octet(d, buffer, size);
    return got;
}

static void begin(struct postino_downgrade *d)
{
    d->held = d->depth = 0;
    d->staged = d->given = 0;
    memset(&d->encoder, 0, sizeof d->encoder);
    d->state = LINE_BEGIN;
    d->field = LINE;
    d->after_cr = d->begun = d->ended = false;
    begin_entity(d, false);
}

static bool downgrade_rewind(struct postino_source *source)
{
    struct postino_downgrade *d = (struct postino_downgrade *)source;
    begin(d);
    return d->inner->rewind(d->inner);
}

/* Reads all of it, to know how long it becomes and whether nothing of 8 bits is left. */
static ptrdiff_t look(struct postino_downgrade *d)
{
    uint8_t octets[64], seen = 0;
    uint64_t total = 0;
    ptrdiff_t got;
    while ((got = d->inner->read(d->inner, octets, sizeof octets)) > 0)
        for (ptrdiff_t i = 0; i < got; i++) {
            size_t length = take(d, octets[i], d->stage);
            total += length;
            while (length)
                seen |= d->stage[--length];
        }
    total += got == POSTINO_SOURCE_END ? finish(d, d->stage) : 0;
    d->source.length = got == POSTINO_SOURCE_END && total <= SIZE_MAX ? (size_t)total : 0;
    d->source.seven_bit = got == POSTINO_SOURCE_END && seen < 0x80;
    return got;
}

static bool downgrade_prepare(struct postino_source *source, unsigned offers)
{
    struct postino_downgrade *d = (struct postino_downgrade *)source;
    struct postino_source *inner = d->inner;
    if (d->begun && (!source->rewind || !downgrade_rewind(source)))
        return false;
    if (inner->prepare && !inner->prepare(inner, offers))
        return false;
    begin(d);
    source->length = inner->length;
    source->seven_bit = inner->seven_bit;
    source->utf8 = inner->utf8;
    d->works = !inner->seven_bit && !(offers & POSTINO_OFFERS_8BITMIME);
    source->canonical = inner->canonical && !d->works;
    if (!d->works)
        return true;
    source->length = 0;
    return !inner->rewind || (look(d) != POSTINO_SOURCE_FAILED && downgrade_rewind(source));
}

void postino_downgrade_open(struct postino_downgrade *downgrade, struct postino_source *inner)
{
    memset(downgrade, 0, sizeof *downgrade);
    downgrade->inner = inner;
    downgrade->source.read = downgrade_read;
    downgrade->source.prepare = downgrade_prepare;
    downgrade->source.rewind = inner->rewind ? downgrade_rewind : NULL;
    downgrade->source.seven_bit = inner->seven_bit;
    downgrade->source.utf8 = inner->utf8;
    downgrade->works = !inner->seven_bit;
    begin(downgrade);
}
