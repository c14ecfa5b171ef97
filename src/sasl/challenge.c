/* Challenges (4954 4): base64, in the text of a 334. */
#include "internal.h"

/* 0 to 63, or 64 for what is no digit. */
static uint32_t value_of(char digit)
{
    if (digit >= 'A' && digit <= 'Z')
        return (uint32_t)(digit - 'A');
    if (digit >= 'a' && digit <= 'z')
        return (uint32_t)(digit - 'a' + 26);
    if (digit >= '0' && digit <= '9')
        return (uint32_t)(digit - '0' + 52);
    return digit == '+' ? 62 : digit == '/' ? 63 : 64;
}

/* Whole groups of four; padding at the end alone, and nothing hidden in it (4648 3.5). */
ptrdiff_t postino_challenge_decode(char *text)
{
    char *to = text;
    for (const char *at = text; *at; at += 4) {
        uint32_t bits = 0;
        int digits = 0;
        for (; digits < 4 && value_of(at[digits]) < 64; digits++)
            bits = bits << 6 | value_of(at[digits]);
        for (int i = digits; i < 4; i++, bits <<= 6)
            if (i < 2 || at[i] != '=')
                return -1;
        if (digits < 4 && (at[4] || bits & (digits == 2 ? 0xFFFFu : 0xFFu)))
            return -1;
        for (int i = 0; i < digits - 1; i++, bits <<= 8)
            *to++ = (char)(bits >> 16);
    }
    *to = '\0';
    return to - text;
}

char *postino_challenge_of(struct postino_session *s, size_t *length)
{
    char *text = s->config->text;
    size_t size = s->config->text_size;
    ptrdiff_t decoded = size && strlen(text) + 1 < size ? postino_challenge_decode(text) : -1;
    *length = (size_t)decoded;
    return decoded < 0 ? NULL : text;
}
