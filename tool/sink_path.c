#define _GNU_SOURCE
#include "sink_server.h"

#include <string.h>

#define SINK_ATOM   1 /* atext of RFC 5322 3.2.3, and UTF-8 as RFC 6531 3.3 adds it */
#define SINK_LETTER 2 /* of a domain's label */

static unsigned sink_class(unsigned char octet)
{
    if (octet >= 128)
        return SINK_ATOM | SINK_LETTER;
    if ((octet >= '0' && octet <= '9') || ((octet | 0x20) >= 'a' && (octet | 0x20) <= 'z') || octet == '-')
        return SINK_ATOM | SINK_LETTER;
    return octet > ' ' && octet < 127 && memchr("!#$%&'*+/=?^_`{|}~", octet, 18) ? SINK_ATOM : 0;
}

/* Octets of words of one class joined by single dots; 0 where there is none, SIZE_MAX where a dot stands alone. */
static size_t sink_dotted(const char *text, size_t length, unsigned class)
{
    size_t at = 0, word = 0;

    for (; at < length; at++) {
        if (sink_class((unsigned char)text[at]) & class) {
            word++;
            continue;
        }
        if (text[at] != '.')
            break;
        if (word == 0)
            return SIZE_MAX;
        word = 0;
    }
    return word == 0 && at > 0 ? SIZE_MAX : at;
}

static size_t sink_quoted(const char *text, size_t length)
{
    for (size_t at = 1; at < length; at++) {
        if (text[at] == '"')
            return at + 1;
        if (text[at] == '\\')
            at++;
        if (at < length && ((unsigned char)text[at] < ' ' || text[at] == 127))
            break;
    }
    return SIZE_MAX;
}

/* `[192.0.2.1]`, `[IPv6:…]`: printable octets without space, brackets and backslash (RFC 5321 4.1.3). */
static size_t sink_literal(const char *text, size_t length)
{
    for (size_t at = 1; at < length; at++) {
        if (text[at] == ']')
            return at > 1 ? at + 1 : SIZE_MAX;
        if (text[at] <= ' ' || text[at] == '[' || text[at] == '\\' || text[at] == 127)
            break;
    }
    return SIZE_MAX;
}

static size_t sink_domain(const char *text, size_t length)
{
    size_t used;

    if (length > 0 && text[0] == '[')
        return sink_literal(text, length);
    used = sink_dotted(text, length, SINK_LETTER);
    if (used == 0 || used == SIZE_MAX || text[0] == '-' || text[used - 1] == '-')
        return SIZE_MAX;
    for (size_t at = 1; at < used; at++) {
        if ((text[at] == '-' && text[at - 1] == '.') || (text[at] == '.' && text[at - 1] == '-'))
            return SIZE_MAX;
    }
    return used;
}

/* `@one,@two:` is read and forgotten (RFC 5321 4.1.2, A-d-l). */
static size_t sink_route(const char *text, size_t length)
{
    size_t at = 0, used;

    while (at < length && text[at] == '@') {
        used = sink_domain(text + at + 1, length - at - 1);
        if (used == SIZE_MAX)
            return SIZE_MAX;
        at += 1 + used;
        if (at < length && text[at] == ':')
            return at + 1;
        if (at >= length || text[at] != ',')
            return SIZE_MAX;
        at++;
    }
    return at == 0 ? 0 : SIZE_MAX;
}

static size_t sink_mailbox(const char *text, size_t length, struct postino_sink_path *path)
{
    bool quoted = length > 0 && text[0] == '"';
    size_t local = quoted ? sink_quoted(text, length) : sink_dotted(text, length, SINK_ATOM);
    size_t domain = 0;

    if (local == 0 || local > 64) /* RFC 5321 4.5.3.1.1 */
        return SIZE_MAX;
    path->has_domain = local < length && text[local] == '@';
    if (path->has_domain) {
        domain = sink_domain(text + local + 1, length - local - 1);
        if (domain > 255) /* 4.5.3.1.2 */
            return SIZE_MAX;
        domain++;
    }
    return local + domain;
}

/* Reads `<path>`. Returns its octets, 0 on a syntax error. The address of `<>` is empty. */
size_t postino_sink_path_parse(const char *text, size_t length, struct postino_sink_path *path)
{
    size_t at, used = 0;

    memset(path, 0, sizeof *path);
    if (length < 2 || text[0] != '<')
        return 0;
    at = sink_route(text + 1, length - 1);
    if (at == SIZE_MAX)
        return 0;
    at++;
    path->address.text = text + at;
    if (at > 1 || text[at] != '>') {
        used = sink_mailbox(text + at, length - at, path);
        if (used == SIZE_MAX)
            return 0;
    }
    path->address.length = used;
    at += used;
    if (at >= length || text[at] != '>' || at + 1 > 256) /* 4.5.3.1.3 */
        return 0;
    for (size_t i = 0; i < used; i++)
        path->eight_bit |= (unsigned char)path->address.text[i] >= 128;
    return at + 1;
}

static size_t sink_utf8_more(unsigned char first)
{
    if (first >= 0xc2 && first <= 0xdf)
        return 1;
    if (first >= 0xe0 && first <= 0xef)
        return 2;
    return first >= 0xf0 && first <= 0xf4 ? 3 : 0;
}

static bool sink_utf8_sequence(const unsigned char *text, size_t more)
{
    for (size_t i = 1; i <= more; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return false;
    }
    return !(text[0] == 0xe0 && text[1] < 0xa0) && !(text[0] == 0xed && text[1] > 0x9f) &&
           !(text[0] == 0xf0 && text[1] < 0x90) && !(text[0] == 0xf4 && text[1] > 0x8f);
}

/* Whether it is UTF-8 (RFC 3629) without controls, as a command line has to be. */
bool postino_sink_utf8(const char *text, size_t length)
{
    const unsigned char *at = (const unsigned char *)text, *end = at + length;

    while (at < end) {
        size_t more;

        if (*at < 128) {
            if (*at < ' ' || *at == 127)
                return false;
            at++;
            continue;
        }
        more = sink_utf8_more(*at);
        if (more == 0 || (size_t)(end - at) <= more || !sink_utf8_sequence(at, more))
            return false;
        at += more + 1;
    }
    return true;
}
