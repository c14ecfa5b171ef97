/* base64 in lines of 76 (RFC 2045 6.8). Reads at or behind where it writes, so that a buffer can hold both. */
#include "internal.h"

#define LINE_OCTETS 57

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static uint32_t character(uint32_t sextet)
{
    return (uint8_t)alphabet[sextet & 63];
}

static void group(uint32_t a, uint32_t b, uint32_t c, uint8_t *out)
{
    /* Put together first, so that compilers store them at once. */
    uint32_t bits = a << 16 | b << 8 | c;
    uint32_t word =
        character(bits >> 18) | character(bits >> 12) << 8 | character(bits >> 6) << 16 | character(bits) << 24;
    out[0] = (uint8_t)word;
    out[1] = (uint8_t)(word >> 8);
    out[2] = (uint8_t)(word >> 16);
    out[3] = (uint8_t)(word >> 24);
}

static size_t line_end(struct postino_encoder *encoder, uint8_t *out)
{
    encoder->column = 0;
    out[0] = '\r';
    out[1] = '\n';
    return 2;
}

#if defined __SSE2__ && !defined __OPTIMIZE_SIZE__
enum {
    GROUPS = 4
};

/* Four groups at once, each in a lane; one octet more is read. */
static void groups(const uint8_t *octets, uint8_t *out)
{
    typedef uint32_t lanes __attribute__((vector_size(16)));
    typedef signed char sextets __attribute__((vector_size(16)));
    uint32_t words[GROUPS];
    for (int i = 0; i < GROUPS; i++) {
        memcpy(&words[i], octets + 3 * i, sizeof words[i]);
        words[i] = __builtin_bswap32(words[i]);
    }
    const lanes bits = {words[0], words[1], words[2], words[3]};
    const sextets s =
        (sextets)(bits >> 26 | (bits >> 12 & 0x3F00) | (bits << 2 & 0x3F0000) | (bits << 16 & 0x3F000000));
    /* From the place in the alphabet to the character: upper case, lower case, digits, `+` and `/`. */
    const sextets characters = s + 'A' + ((s > 25) & 6) - ((s > 51) & 75) - ((s > 61) & 15) + ((s > 62) & 3);
    memcpy(out, &characters, sizeof characters);
}
#else
enum {
    GROUPS = 1
};

static void groups(const uint8_t *octets, uint8_t *out)
{
    group(octets[0], octets[1], octets[2], out);
}
#endif

static void whole_line(const uint8_t *octets, uint8_t *out)
{
    const uint8_t *end = octets + LINE_OCTETS;
    for (; end - octets >= 3 * GROUPS; octets += 3 * GROUPS, out += 4 * GROUPS)
        groups(octets, out);
    for (; octets < end; octets += 3, out += 4)
        group(octets[0], octets[1], octets[2], out);
    out[0] = '\r';
    out[1] = '\n';
}

/* Takes octets one by one, until a line begins or they are used up. Returns how many. */
static size_t single_octets(struct postino_encoder *encoder, const uint8_t *octets, size_t length, uint8_t *out,
                            size_t *written)
{
    size_t i = 0;
    while (i < length) {
        uint8_t octet = octets[i++];
        if (encoder->carry_length < 2) {
            encoder->carry[encoder->carry_length++] = octet;
            continue;
        }
        group(encoder->carry[0], encoder->carry[1], octet, out + *written);
        encoder->carry_length = 0;
        encoder->column = (uint8_t)(encoder->column + 4);
        *written += 4;
        if (encoder->column == 76) {
            *written += line_end(encoder, out + *written);
            break;
        }
    }
    return i;
}

size_t postino_base64(struct postino_encoder *encoder, const uint8_t *octets, size_t length, uint8_t *out)
{
    size_t written = 0, i = 0;
    while (i < length) {
        if (!encoder->column && !encoder->carry_length) {
            for (; length - i >= LINE_OCTETS; i += LINE_OCTETS, written += 78)
                whole_line(octets + i, out + written);
        }
        i += single_octets(encoder, octets + i, length - i, out, &written);
    }
    return written;
}

size_t postino_base64_end(struct postino_encoder *encoder, uint8_t *out)
{
    if (!encoder->carry_length)
        return 0;
    group(encoder->carry[0], encoder->carry_length == 2 ? encoder->carry[1] : 0, 0, out);
    if (encoder->carry_length == 1)
        out[2] = '=';
    out[3] = '=';
    encoder->carry_length = 0;
    encoder->column = (uint8_t)(encoder->column + 4);
    return 4;
}
