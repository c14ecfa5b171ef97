/* Enhanced codes (3463, 2034), read out of the text of a reply. */
#include "internal.h"

/* 3463 2: ".subject" or ".detail", one to three digits. Returns what follows, or NULL. */
static const char *enhanced_number(const char *at, uint16_t *number)
{
    unsigned value = 0;
    const char *start = at + 1;
    if (*at != '.')
        return NULL;
    for (at = start; *at >= '0' && *at <= '9'; at++)
        value = value * 10 + (unsigned)(*at - '0');
    *number = (uint16_t)value;
    return at == start || at > start + 3 ? NULL : at;
}

/* "class.subject.detail", with the class of the reply. */
static void read_enhanced(struct postino_result *result, const char *text)
{
    uint16_t subject, detail;
    const char *at = NULL;
    if (text[0] - '0' == result->code / 100)
        at = enhanced_number(text + 1, &subject);
    if (at)
        at = enhanced_number(at, &detail);
    if (!at || (unsigned char)*at > ' ')
        return;
    result->subject = subject;
    result->detail = detail;
}

const struct postino_enhanced postino_enhanced = {read_enhanced};
