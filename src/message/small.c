/* The smallest composer: ASCII, one text, one attachment. It refuses what it cannot say, and never encodes a word. */
#include "internal.h"

enum {
    LINE_LIMIT = 900, /* of a value, so that its line stays below 998 (RFC 5322 2.1.1) */
    LINE_OCTETS = 57, /* that a line of base64 holds */
    OPEN = 12,        /* pieces up to the text, and one */
    CONTENT = 17,
    PIECES = 19
};

#define DELIMITER "--=_"

static const char *piece(const struct postino_small_message *plain)
{
    static const char *const fixed[PIECES] = {
        "From: ",
        NULL,
        "\r\nTo: ",
        NULL,
        "\r\nSubject: ",
        NULL,
        "\r\nMessage-ID: <",
        NULL,
        ">\r\nMIME-Version: 1.0\r\nContent-Type: ",
        "text/plain; charset=us-ascii\r\n\r\n",
        "multipart/mixed; boundary=\"=_\"\r\n\r\n" DELIMITER "\r\n\r\n",
        NULL,
        "\r\n" DELIMITER "\r\nContent-Type: ",
        NULL,
        "\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=\"",
        NULL,
        "\"\r\n\r\n",
        "",
        DELIMITER "--\r\n",
    };
    switch (plain->piece) {
    case 1:
        return plain->from;
    case 3:
        return plain->to;
    case 5:
        return plain->subject;
    case 7:
        return plain->message_id;
    case 9:
        return plain->attachment ? "" : fixed[9];
    case 10:
        return plain->attachment ? fixed[10] : "";
    case 11:
        return plain->text;
    case 13:
        return plain->type;
    case 15:
        return plain->filename;
    default:
        return fixed[plain->piece];
    }
}

/* The next line of the attachment, in the stage; it is read to the stage's end and encoded forward. */
static ptrdiff_t encode_line(struct postino_small_message *plain)
{
    struct postino_encoder encoder;
    uint8_t *octets = plain->stage + sizeof plain->stage - LINE_OCTETS;
    ptrdiff_t got = 1;
    while (plain->taken < LINE_OCTETS && got > 0) {
        got = plain->attachment->read(plain->attachment, octets + plain->taken, (size_t)(LINE_OCTETS - plain->taken));
        plain->taken = (uint8_t)(plain->taken + (got > 0 ? got : 0));
    }
    if (got < 0)
        return got;
    memset(&encoder, 0, sizeof encoder);
    size_t length = postino_base64(&encoder, octets, plain->taken, plain->stage);
    if (plain->taken < LINE_OCTETS)
        length += postino_base64_end(&encoder, plain->stage + length);
    if (encoder.column) {
        memcpy(plain->stage + length, "\r\n", 2);
        length += 2;
    }
    plain->staged = (uint8_t)length;
    plain->at = 0;
    plain->piece = (uint8_t)(plain->piece + (plain->taken == 0));
    plain->taken = 0;
    return (ptrdiff_t)length;
}

static ptrdiff_t plain_read(struct postino_source *source, void *buffer, size_t size)
{
    struct postino_small_message *plain = (struct postino_small_message *)source;
    while (plain->piece < (plain->attachment ? PIECES : OPEN)) {
        bool content = plain->piece == CONTENT;
        if (content && plain->at == plain->staged) {
            ptrdiff_t got = encode_line(plain);
            if (got < 0)
                return got;
            continue;
        }
        const char *from = content ? (const char *)plain->stage : piece(plain);
        size_t length = (content ? plain->staged : strlen(from)) - plain->at;
        if (length > size)
            length = size;
        memcpy(buffer, from + plain->at, length);
        plain->at += length;
        if (length)
            return (ptrdiff_t)length;
        plain->piece++;
        plain->at = 0;
    }
    return POSTINO_SOURCE_END;
}

static void begin(struct postino_small_message *plain)
{
    plain->piece = plain->taken = plain->staged = 0;
    plain->at = 0;
}

static bool plain_rewind(struct postino_source *source)
{
    struct postino_small_message *plain = (struct postino_small_message *)source;
    begin(plain);
    return !plain->attachment || plain->attachment->rewind(plain->attachment);
}

/* Printable ASCII, of a length that fits a line, without those that are named. */
static bool value_valid(const char *value, const char *without)
{
    const char *at = value;
    for (; *at; at++)
        if (*at < ' ' || *at > '~' || strchr(without, *at))
            return false;
    return at > value && at - value <= LINE_LIMIT;
}

/* Lines of ASCII, none of which is taken for a delimiter. */
static bool text_valid(const char *text)
{
    for (const char *line = text; *text; text++) {
        if ((*text < ' ' && !strchr("\t\r\n", *text)) || *text > '~' || text - line > LINE_LIMIT)
            return false;
        if (*text == '\n' || *text == '\r')
            line = text + 1;
        else if (text - line == 3 && memcmp(line, DELIMITER, 4) == 0)
            return false;
    }
    return true;
}

bool postino_small_message_open(struct postino_small_message *plain)
{
    begin(plain);
    memset(&plain->source, 0, sizeof plain->source);
    plain->source.read = plain_read;
    plain->source.rewind = !plain->attachment || plain->attachment->rewind ? plain_rewind : NULL;
    plain->source.seven_bit = true;
    return value_valid(plain->from, "") && value_valid(plain->to, "") && value_valid(plain->subject, "") &&
           value_valid(plain->message_id, " <>") && text_valid(plain->text) &&
           (!plain->attachment || (value_valid(plain->filename, "\"\\/") && value_valid(plain->type, "\" ;")));
}
