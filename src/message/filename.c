/* The filename parameter (RFC 2183 2.3): quoted where it is plain, otherwise as RFC 2231 has it. */
#include "internal.h"

/* A plain name longer than that does not fit its line. */
#define QUOTED_LIMIT 60

/* Values of a piece of RFC 2231 3: behind ` filename*NNN*=` and before `;`. */
#define PIECE_LIMIT 55

static const char *base_name(const char *filename)
{
    const char *base = filename;
    for (; *filename; filename++)
        if (*filename == '/' || *filename == '\\')
            base = filename + 1;
    return base;
}

bool postino_filename_valid(const char *filename)
{
    const char *base = base_name(filename);
    return *base && strcmp(base, ".") != 0 && strcmp(base, "..") != 0 && strlen(base) <= 1024 &&
           postino_text_clean(base, false);
}

/* "=?" is decoded by some although RFC 2047 5 forbids it here. */
static bool quotable(const char *base)
{
    size_t width = 0;
    for (const char *at = base; *at; at++)
        width += *at == '"' ? 2 : 1;
    return width <= QUOTED_LIMIT && postino_ascii(base) && !strstr(base, "=?");
}

static bool attribute_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("!#$&+-.^_`{|}~", c));
}

static void put_quoted(struct postino_message_source *composed, const char *base)
{
    postino_put_text(composed, ";\r\n filename=\"");
    for (; *base; base++) {
        if (*base == '"')
            postino_put(composed, "\\", 1);
        postino_put(composed, base, 1);
    }
    postino_put(composed, "\"", 1);
}

/* How many octets of `text`, in whole characters, fit `room` octets of percent encoding (RFC 2231 4). */
static size_t fit(const char *text, size_t room)
{
    size_t length = strlen(text), width = 0, taken = 0;
    while (taken < length) {
        size_t past = taken + postino_utf8(text + taken, length - taken);
        for (size_t i = taken; i < past; i++)
            width += attribute_character(text[i]) ? 1 : 3;
        if (width > room)
            break;
        taken = past;
    }
    return taken;
}

static void put_number(struct postino_message_source *composed, size_t number)
{
    char text[5];
    size_t digit = sizeof text;
    do {
        text[--digit] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    postino_put(composed, "*", 1);
    postino_put(composed, text + digit, sizeof text - digit);
}

static void put_extended(struct postino_message_source *composed, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        char hex[3] = {'%', "0123456789ABCDEF"[c >> 4], "0123456789ABCDEF"[c & 15]};
        if (attribute_character(text[i]))
            postino_put(composed, text + i, 1);
        else
            postino_put(composed, hex, 3);
    }
}

bool postino_next_filename(struct postino_message_source *composed, const char *filename)
{
    const char *base = base_name(filename);
    if (quotable(base)) {
        put_quoted(composed, base);
        return true;
    }
    /* `at` counts the octets that went, `stretch` the pieces. */
    size_t rest = strlen(base + composed->at), length = fit(base + composed->at, PIECE_LIMIT);
    postino_put_text(composed, ";\r\n filename");
    if (composed->at || length < rest)
        put_number(composed, composed->stretch++);
    postino_put_text(composed, composed->at ? "*=" : "*=utf-8''");
    put_extended(composed, base + composed->at, length);
    composed->at += length;
    return length == rest;
}
