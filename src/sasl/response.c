/* A response to a challenge (4954 4): base64 of secrets, one octet at a time. */
#include "internal.h"

/* 0 to 63 as A to Z, a to z, 0 to 9, +, /: by arithmetic, so that no memory access depends on a secret. */
static char digit(uint32_t value)
{
    uint32_t digit = value + 'A';
    digit += ((25 - value) >> 31) * ('a' - 'A' - 26);
    digit -= ((51 - value) >> 31) * ('z' + 1 - '0');
    digit -= ((61 - value) >> 31) * ('9' + 1 - '+');
    digit += ((62 - value) >> 31) * ('/' - '+' - 1);
    return (char)digit;
}

/* What there is of three octets, as four digits; those of the octets that are missing are padding. */
static void flush(struct postino_response *b)
{
    b->bits <<= 8 * (3 - b->count);
    for (int i = 0; i < 4; i++, b->bits <<= 6)
        postino_command_put_octet(b->writer, i <= b->count ? digit(b->bits >> 18 & 63) : '=');
    b->count = 0; /* what is left of the bits goes out at the top */
}

void postino_response_put(struct postino_response *b, char octet)
{
    b->bits = b->bits << 8 | (unsigned char)octet;
    if (++b->count == 3)
        flush(b);
}

void postino_response_put_text(struct postino_response *b, const char *text)
{
    while (*text)
        postino_response_put(b, *text++);
}

void postino_response_end(struct postino_response *b)
{
    if (b->count)
        flush(b);
}
