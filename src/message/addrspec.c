/* Addresses as RFC 5322 3.4.1 has them, without its obsolete forms: nothing stands between the parts of an address. */
#include "internal.h"

#define LOCAL_PART_LIMIT 64  /* RFC 5321 4.5.3.1.1 */
#define DOMAIN_LIMIT     255 /* RFC 5321 4.5.3.1.2 */
#define ADDRESS_LIMIT    254 /* RFC 5321 4.5.3.1.3, less < and > */

static bool label_character(char c)
{
    unsigned char u = (unsigned char)c;
    return postino_atext(u) && (u >= 0x80 || !strchr("!#$%&'*+/=?^`{|}~", c));
}

static const char *dotted(const char *at, const char *end, bool domain)
{
    for (;;) {
        const char *label = at;
        while (at < end && (domain ? label_character(*at) : postino_atext((unsigned char)*at)))
            at++;
        if (at == label)
            return NULL;
        if (at == end || *at != '.')
            return at;
        at++;
    }
}

const char *postino_dot_atom(const char *at, const char *end)
{
    return dotted(at, end, false);
}

static const char *literal(const char *at, const char *end)
{
    for (at++; at < end; at++) {
        if (*at == ']')
            return at + 1;
        if (*at <= ' ' || *at >= 0x7f || *at == '[' || *at == '\\')
            return NULL;
    }
    return NULL;
}

const char *postino_domain(const char *at, const char *end)
{
    const char *past = at < end && *at == '[' ? literal(at, end) : dotted(at, end, true);
    return past && past - at <= DOMAIN_LIMIT ? past : NULL;
}

const char *postino_quoted_string(const char *at, const char *end)
{
    for (at++; at < end; at++) {
        if (*at == '"')
            return at + 1;
        if (*at == '\\' && ++at == end)
            return NULL;
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            return NULL;
    }
    return NULL;
}

const char *postino_addr_spec(const char *at, const char *end)
{
    const char *local = at;
    at = at < end && *at == '"' ? postino_quoted_string(at, end) : postino_dot_atom(at, end);
    if (!at || at == end || *at != '@' || at - local > LOCAL_PART_LIMIT)
        return NULL;
    at = postino_domain(at + 1, end);
    return at && at - local <= ADDRESS_LIMIT ? at : NULL;
}

bool postino_id_valid(const char *id)
{
    /* RFC 5322 3.6.4: the right side is an atom or a literal, the left an atom; longer ones could not be folded. */
    size_t length = strlen(id);
    const char *end = id + length, *at = postino_dot_atom(id, end);
    if (!at || *at != '@' || length > POSTINO_LONGEST_WORD || !postino_ascii(id))
        return false;
    at = at[1] == '[' ? literal(at + 1, end) : postino_dot_atom(at + 1, end);
    return at == end;
}
