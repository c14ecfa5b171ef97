/* Content-Transfer-Encodings (RFC 2045 6). All read at or behind where they write, so that a buffer can hold both. */
#include "internal.h"

static const char hex[] = "0123456789ABCDEF";

/* RFC 2045 6.7 (5) allows 76 with the "=" of a soft line break. */
#define QUOTED_PRINTABLE_LINE 75

/* Notes what the encodings must know of one of the first four octets of a line. */
static void note(struct postino_encoder *encoder, uint8_t octet)
{
    encoder->seen |= octet;
    encoder->nul = encoder->nul || !octet;
    if (encoder->marker == encoder->line && octet == (uint8_t) "--=_"[encoder->line])
        encoder->delimiter = ++encoder->marker == 4 || encoder->delimiter;
    encoder->line++;
    if (encoder->longest < encoder->line)
        encoder->longest = encoder->line;
}

/* An octet is a line end: LF, CR, or the two together. */
static bool ends_line(struct postino_encoder *encoder, uint8_t octet)
{
    encoder->after_cr = octet == '\r';
    if (octet != '\r' && octet != '\n')
        return false;
    encoder->line = 0;
    encoder->marker = 0;
    return true;
}

/* Notes octets behind the beginning of a line, up to its end, at once. Returns how many. */
static size_t note_run(struct postino_encoder *encoder, const uint8_t *octets, size_t length)
{
    size_t run = 0;
    uint8_t seen = 0;
    bool nul = false;
    while (run < length && octets[run] != '\r' && octets[run] != '\n')
        run++;
    for (size_t i = 0; i < run; i++) {
        seen |= octets[i];
        nul |= !octets[i];
    }
    encoder->seen |= seen;
    encoder->nul = encoder->nul || nul;
    encoder->line = (uint16_t)(run < (size_t)(UINT16_MAX - encoder->line) ? encoder->line + run : UINT16_MAX);
    if (encoder->longest < encoder->line)
        encoder->longest = encoder->line;
    return run;
}

size_t postino_lines(struct postino_encoder *encoder, const uint8_t *octets, size_t length, uint8_t *out)
{
    size_t written = 0, i = 0;
    while (i < length) {
        size_t run = 1;
        if (octets[i] == '\n' && encoder->after_cr) {
            encoder->after_cr = false;
        } else if (ends_line(encoder, octets[i])) {
            if (out)
                memcpy(out + written, "\r\n", 2);
            written += 2;
        } else {
            if (encoder->line < 4)
                note(encoder, octets[i]);
            else
                run = note_run(encoder, octets + i, length - i);
            if (out)
                memmove(out + written, octets + i, run);
            written += run;
        }
        i += run;
    }
    return written;
}

static size_t quoted(struct postino_encoder *encoder, uint8_t octet, bool plain, uint8_t *out)
{
    uint8_t width = plain ? 1 : 3;
    size_t written = 0;
    if (encoder->column + width > QUOTED_PRINTABLE_LINE) {
        memcpy(out, "=\r\n", 3);
        written = 3;
        encoder->column = 0;
        encoder->from = 0;
    }
    encoder->column = (uint8_t)(encoder->column + width);
    out[written] = plain ? octet : '=';
    if (plain)
        return written + 1;
    out[written + 1] = (uint8_t)hex[octet >> 4];
    out[written + 2] = (uint8_t)hex[octet & 15];
    return written + 3;
}

static size_t quoted_line_end(struct postino_encoder *encoder, uint8_t *out)
{
    /* RFC 2045 6.7 (3): white space may not end a line as it is. */
    size_t written = encoder->held ? quoted(encoder, encoder->held, false, out) : 0;
    encoder->held = 0;
    encoder->column = 0;
    encoder->from = 0;
    out[written] = '\r';
    out[written + 1] = '\n';
    return written + 2;
}

static size_t quoted_octet(struct postino_encoder *encoder, uint8_t octet, uint8_t *out)
{
    size_t written = encoder->held ? quoted(encoder, encoder->held, true, out) : 0;
    encoder->held = 0;
    /* RFC 2049 3 (7): "From " at the beginning of a line is changed by some. Its space is encoded. */
    if (encoder->from == 4 && octet == ' ') {
        encoder->from = 5;
        return written + quoted(encoder, octet, false, out + written);
    }
    if (octet == ' ' || octet == '\t') {
        encoder->held = octet;
        return written;
    }
    size_t width = quoted(encoder, octet, octet > ' ' && octet < 0x7f && octet != '=', out + written);
    if (encoder->from < 4 && encoder->column == encoder->from + 1 && octet == (uint8_t) "From"[encoder->from])
        encoder->from++;
    return written + width;
}

size_t postino_quoted_printable(struct postino_encoder *encoder, const uint8_t *octets, size_t length, uint8_t *out)
{
    size_t written = 0;
    for (size_t i = 0; i < length; i++) {
        uint8_t octet = octets[i];
        if (octet == '\n' && encoder->after_cr) {
            encoder->after_cr = false;
        } else if (ends_line(encoder, octet)) {
            written += quoted_line_end(encoder, out + written);
        } else {
            encoder->line = 1;
            written += quoted_octet(encoder, octet, out + written);
        }
    }
    return written;
}

size_t postino_encode_room(enum postino_encoding encoding, size_t size)
{
    /* Whole lines of base64, and what may be left of the line before. */
    size_t base64 = (size - 12) / 78 * 57;
    switch (encoding) {
    case POSTINO_7BIT:
    case POSTINO_8BIT:
        return size / 2;
    case POSTINO_QUOTED_PRINTABLE:
        /* Three octets for each and for what is held, and a soft line break for each 24 of them. */
        return size / 4 - 2;
    case POSTINO_BASE64_TEXT:
        return (base64 - 1) / 2;
    case POSTINO_BINARY:
        return size;
    case POSTINO_BASE64:
        break;
    }
    return base64;
}

size_t postino_encode(enum postino_encoding encoding, struct postino_encoder *encoder, uint8_t *octets, size_t length,
                      uint8_t *out)
{
    size_t lines;
    switch (encoding) {
    case POSTINO_7BIT:
    case POSTINO_8BIT:
        return postino_lines(encoder, octets, length, out);
    case POSTINO_QUOTED_PRINTABLE:
        return postino_quoted_printable(encoder, octets, length, out);
    case POSTINO_BASE64_TEXT:
        /* Line ends first (RFC 2045 6.8): forward, from `length` octets before, which encode_room left free. */
        lines = postino_lines(encoder, octets, length, octets - length);
        return postino_base64(encoder, octets - length, lines, out);
    case POSTINO_BINARY: /* there already */
        return length;
    case POSTINO_BASE64:
        break;
    }
    return postino_base64(encoder, octets, length, out);
}

size_t postino_encode_end(enum postino_encoding encoding, struct postino_encoder *encoder, uint8_t *out)
{
    size_t written = 0;
    if (encoding == POSTINO_QUOTED_PRINTABLE)
        return encoder->line ? quoted_line_end(encoder, out) : 0;
    if (encoding != POSTINO_BASE64 && encoder->line) {
        if (encoding != POSTINO_BASE64_TEXT) {
            memcpy(out, "\r\n", 2);
            return 2;
        }
        written = postino_base64(encoder, (const uint8_t *)"\r\n", 2, out);
    }
    if (encoding != POSTINO_BASE64 && encoding != POSTINO_BASE64_TEXT)
        return 0;
    written += postino_base64_end(encoder, out + written);
    if (encoder->column) {
        memcpy(out + written, "\r\n", 2);
        written += 2;
    }
    return written;
}
