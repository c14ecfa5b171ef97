/* What characters are, in the words of the RFCs. */
#include "internal.h"

bool postino_atext(unsigned char c)
{
    /* RFC 5322 3.2.3, and RFC 6532 3.2 for what is not ASCII. */
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c >= 0x80 ||
           (c && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

/* The smallest second octet shuts out overlong forms and the surrogates, the largest what is above U+10FFFF. */
static bool second_octet(unsigned char first, unsigned char second)
{
    unsigned char smallest = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    unsigned char largest = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    return second >= smallest && second <= largest;
}

size_t postino_utf8(const char *text, size_t length)
{
    if (!length)
        return 0;
    unsigned char first = (unsigned char)text[0];
    if (first < 0x80)
        return 1;
    size_t octets = first >= 0xc2 && first <= 0xdf   ? 2
                    : first >= 0xe0 && first <= 0xef ? 3
                    : first >= 0xf0 && first <= 0xf4 ? 4
                                                     : 0;
    if (!octets || octets > length || !second_octet(first, (unsigned char)text[1]))
        return 0;
    for (size_t i = 2; i < octets; i++)
        if (((unsigned char)text[i] & 0xc0) != 0x80)
            return 0;
    return octets;
}

static bool control(const char *text)
{
    unsigned char first = (unsigned char)text[0];
    return first < ' ' || first == 0x7f || (first == 0xc2 && (unsigned char)text[1] < 0xa0);
}

bool postino_text_clean(const char *text, bool tabs)
{
    size_t length = strlen(text);
    while (length) {
        size_t octets = postino_utf8(text, length);
        if (!octets || (control(text) && !(tabs && *text == '\t')))
            return false;
        text += octets;
        length -= octets;
    }
    return true;
}

bool postino_token(const char *text, size_t length)
{
    /* RFC 2045 5.1; a length of 127 is RFC 6838 4.2's. */
    for (size_t i = 0; i < length; i++)
        if (text[i] <= ' ' || text[i] >= 0x7f || strchr("()<>@,;:\\\"/[]?=", text[i]))
            return false;
    return length > 0 && length <= 127;
}

bool postino_ascii(const char *text)
{
    while (*text)
        if ((unsigned char)*text++ >= 0x80)
            return false;
    return true;
}

bool postino_same(const char *text, const char *name, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        if ((c >= 'A' && c <= 'Z' ? (char)(c + 32) : c) != name[i])
            return false;
    }
    return true;
}
