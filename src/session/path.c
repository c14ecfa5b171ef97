/* The choke point for what stands in a command: 5321 4.1.2 and 4.1.3, exactly, and within the limits of 4.5.3.1. */
#include "internal.h"

enum {
    LOCAL_PART_MAX = 64,
    DOMAIN_MAX = 255,
    PATH_MAX_INSIDE = 254
};

static bool let_dig(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* Neither a space nor one of `others`. */
static bool printable_but(const char *others, char c)
{
    return c > ' ' && c <= '~' && !strchr(others, c);
}

static bool atext(char c) /* 5322 3.2.3: what is no special */
{
    return printable_but("()<>[]:;@\\,.\"", c);
}

/* Dot-string: atoms with single dots between them. Returns what follows. */
static const char *dot_string(const char *at)
{
    for (;;) {
        if (!atext(*at))
            return NULL;
        while (atext(*at))
            at++;
        if (*at != '.')
            return at;
        at++;
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

/* A domain of letters, digits and inner hyphens. Returns whether it reaches to the end of the string. */
static bool domain(const char *at)
{
    for (;;) {
        if (!let_dig(*at))
            return false;
        while (let_dig(*at) || *at == '-')
            at++;
        if (at[-1] == '-')
            return false;
        if (*at != '.')
            return *at == '\0';
        at++;
    }
}

static bool address_literal(const char *at)
{
    const char *start = at;
    do
        at++;
    while (printable_but("[\\]<>", *at));
    return at > start + 1 && at[0] == ']' && at[1] == '\0';
}

bool postino_name_valid(const char *name)
{
    return strlen(name) <= DOMAIN_MAX && (*name == '[' ? address_literal(name) : domain(name));
}

bool postino_path_valid(const char *path)
{
    const char *at = *path == '"' ? quoted_string(path) : dot_string(path);
    if (!at || at - path > LOCAL_PART_MAX)
        return false;
    return *at == '@' && strlen(path) <= PATH_MAX_INSIDE && postino_name_valid(at + 1);
}
