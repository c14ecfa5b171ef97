/* A response to a challenge (4954 4): base64 of secrets, one octet at a time. */
#include "internal.h"

/* 0 to 63 as A to Z, a to z, 0 to 9, +, /: by arithmetic, so that neither memory access nor branch depends on a secret.
 * Where a value is above the first number, its top bits are set, and the second is added. */
static char digit(uint32_t value)
{
    uint32_t digit = value + 'A';
    digit += (25 - value) >> 8 & ('a' - 'A' - 26);
    digit -= (51 - value) >> 8 & ('z' + 1 - '0');
    digit -= (61 - value) >> 8 & ('9' + 1 - '+');
    digit += (62 - value) >> 8 & ('/' - '+' - 1);
    return (char)digit;
}

/* What there is of three octets, as four digits; those of the octets that are missing are padding. */
static void flush(struct postino_response *b)
{
    uint32_t bits = b->bits;
    int digits = 4;
    for (; !(bits >> 24); bits <<= 8)
        digits--;
    for (int i = 0; i < 4; i++, bits <<= 6)
        postino_command_put_octet(b->writer, i < digits ? digit(bits >> 18 & 63) : '=');
    b->bits = POSTINO_RESPONSE_EMPTY;
}

void postino_response_put(struct postino_response *b, char octet)
{
    b->bits = b->bits << 8 | (unsigned char)octet;
    if (b->bits >> 24)
        flush(b);
}

void postino_response_put_text(struct postino_response *b, const char *text)
{
    while (*text)
        postino_response_put(b, *text++);
}

void postino_response_end(struct postino_response *b)
{
    if (b->bits != POSTINO_RESPONSE_EMPTY)
        flush(b);
}
