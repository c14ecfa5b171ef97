/* The choke point for what stands in a command: 5321 4.1.2 and 4.1.3, exactly, and within the limits of 4.5.3.1. */
#include "internal.h"

enum {
    LOCAL_PART_MAX = 64,
    DOMAIN_MAX = 255,
    PATH_MAX_INSIDE = 254
};

/* Sets of octets from a space to 127, a bit for each. */
static const uint32_t atext[] = {0xa3ffacfa, 0xc7fffffe, 0x7fffffff}; /* 5322 3.2.3: what is no special */
static const uint32_t let_dig_hyp[] = {0x03ff2000, 0x07fffffe, 0x07fffffe};
static const uint32_t literal[] = {0xaffffffe, 0xc7ffffff, 0x7fffffff}; /* what an address literal may be made of */

static const char *past(const uint32_t *set, const char *at)
{
    for (;; at++) {
        unsigned octet = (unsigned char)*at - (unsigned)' ';
        if (octet >= 96 || !(set[octet / 32] >> octet % 32 & 1))
            return at;
    }
}

/* Words with single dots between them; those of a domain neither begin nor end with a hyphen. Returns what follows. */
static const char *words(const uint32_t *set, const char *at)
{
    for (;; at++) {
        const char *start = at;
        at = past(set, at);
        if (at == start || (set == let_dig_hyp && (*start == '-' || at[-1] == '-')))
            return NULL;
        if (*at != '.')
            return at;
    }
}

/* Quoted-string: printable, `"` and `\` only behind a `\`. */
static const char *quoted_string(const char *at)
{
    while (*++at != '"') {
        if (*at == '\\')
            at++;
        if (*at < ' ' || *at > '~')
            return NULL;
    }
    return at + 1;
}

bool postino_name_valid(const char *name)
{
    const char *end = *name == '[' ? past(literal, name + 1) : words(let_dig_hyp, name);
    if (*name == '[')
        end = end > name + 1 && *end == ']' ? end + 1 : NULL;
    return end && *end == '\0' && end - name <= DOMAIN_MAX;
}

bool postino_path_valid(const char *path)
{
    const char *at = *path == '"' ? quoted_string(path) : words(atext, path);
    if (!at || at - path > LOCAL_PART_MAX)
        return false;
    return *at == '@' && postino_name_valid(at + 1) && strlen(at) <= (size_t)(PATH_MAX_INSIDE - (at - path));
}
