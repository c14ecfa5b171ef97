/* Replies (5321 4.2) read once more, by looking at the whole line so far after each octet. */
#ifndef POSTINO_FUZZ_REFERENCE_H
#define POSTINO_FUZZ_REFERENCE_H

#include <postino/session.h>
#include <string.h>

enum {
    REFERENCE_NOTHING = 0,
    REFERENCE_MALFORMED = 1
};

struct reference {
    char line[POSTINO_REPLY_LINE_MAX + 4];
    size_t length;
    unsigned code, lines;
    char text[128]; /* of the reply, as it is to be shown */
    size_t text_length;
    bool broken;
};

/* Whether a line may begin so. */
static bool reference_may_begin(const struct reference *r)
{
    size_t length = r->length;
    if (length && r->line[length - 1] == '\r')
        length--; /* it may be half a line end */
    if (length > POSTINO_REPLY_LINE_MAX || memchr(r->line, '\0', length))
        return false;
    for (size_t i = 0; i < length && i < 3; i++)
        if (r->line[i] < '0' || r->line[i] > '9')
            return false;
    if (length > 3 && r->line[3] != ' ' && r->line[3] != '-')
        return false;
    unsigned code = 0;
    for (size_t i = 0; i < 3 && length >= 3; i++)
        code = code * 10 + (unsigned)(r->line[i] - '0');
    return length < 3 || r->lines == 0 || code == r->code;
}

static void reference_keep(struct reference *r, char octet)
{
    if (r->text_length < sizeof r->text - 1)
        r->text[r->text_length++] = octet;
    r->text[r->text_length] = '\0';
}

static unsigned reference_line(struct reference *r)
{
    size_t length = r->length;
    if (length && r->line[length - 1] == '\r')
        length--;
    if (length < 3 || r->lines == POSTINO_REPLY_LINES_MAX) {
        r->broken = true;
        return REFERENCE_MALFORMED;
    }
    if (r->lines++ == 0)
        r->text_length = 0, r->text[0] = '\0';
    r->code = (unsigned)((r->line[0] - '0') * 100 + (r->line[1] - '0') * 10 + r->line[2] - '0');
    for (size_t i = 4; i < length; i++)
        reference_keep(r, (unsigned char)r->line[i] < ' ' || r->line[i] == 0x7F ? '?' : r->line[i]);
    bool last = length == 3 || r->line[3] == ' ';
    r->length = 0;
    if (!last)
        reference_keep(r, '\n');
    if (last)
        r->lines = 0;
    if (!last)
        return REFERENCE_NOTHING;
    return r->code ? r->code : REFERENCE_MALFORMED;
}

/* Returns the code of the reply that the octet completes, REFERENCE_MALFORMED where it breaks it, or 0. */
static unsigned reference_hear(struct reference *r, char octet)
{
    if (r->broken)
        return REFERENCE_NOTHING;
    if (octet == '\n')
        return reference_line(r);
    r->line[r->length++] = octet;
    if (reference_may_begin(r))
        return REFERENCE_NOTHING;
    r->broken = true;
    return REFERENCE_MALFORMED;
}

#endif
