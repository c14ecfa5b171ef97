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

void postino_response_put(struct postino_response *b, char octet)
{
    b->bits = b->bits << 8 | (unsigned char)octet;
    if (++b->count < 3)
        return;
    for (int shift = 18; shift >= 0; shift -= 6)
        postino_command_put_octet(b->writer, digit(b->bits >> shift & 63));
    b->bits = 0;
    b->count = 0;
}

void postino_response_put_text(struct postino_response *b, const char *text)
{
    while (*text)
        postino_response_put(b, *text++);
}

/* What is missing of three octets is filled up with zeros, and the digits of those alone are padding. */
void postino_response_end(struct postino_response *b)
{
    unsigned padding = b->count ? 3u - b->count : 0;
    for (unsigned i = 0; i < padding; i++)
        postino_response_put(b, '\0');
    b->writer->length -= padding;
    while (padding--)
        postino_command_put_octet(b->writer, '=');
}
