/* Address lists as they stand in header text (RFC 5322 3.4): one pass, no memory but the place. */
#include "internal.h"

static bool white(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool control(char c)
{
    return ((unsigned char)c < ' ' && !white(c)) || c == 0x7f;
}

/* Past comments, however deep, and white space; NULL where a comment does not end. */
static const char *skip(const char *at, const char *end)
{
    size_t depth = 0;
    for (; at < end; at++) {
        if (depth && *at == '\\') {
            if (++at == end || control(*at))
                return NULL;
        } else if (*at == '(') {
            depth++;
        } else if (depth && *at == ')') {
            depth--;
        } else if (!depth && !white(*at)) {
            return at;
        } else if (control(*at)) {
            return NULL;
        }
    }
    return depth ? NULL : at;
}

/* Past a word of a phrase: atoms with dots (RFC 5322 4.1 has "John Q. Public"), or a quoted string, folded or not. */
static const char *word(const char *at, const char *end)
{
    const char *begin = at;
    if (*at != '"') {
        while (at < end && (*at == '.' || postino_atext((unsigned char)*at)))
            at++;
        return at > begin ? at : NULL;
    }
    for (at++; at < end; at++) {
        if (*at == '"')
            return at + 1;
        if (*at == '\\' && ++at == end)
            return NULL;
        if (control(*at))
            return NULL;
    }
    return NULL;
}

static enum postino_addresses_found wrong(struct postino_addresses *list, const char *at)
{
    list->at = at;
    list->wrong = true;
    return POSTINO_ADDRESSES_WRONG;
}

/* A mailbox was read up to `at`: only the end of the list or of the group, or a comma, may follow. */
static enum postino_addresses_found found_mailbox(struct postino_addresses *list, const char *at)
{
    const char *next = skip(at, list->end);
    if (!next)
        return wrong(list, at);
    if (next < list->end && *next != ',' && !(list->group && *next == ';'))
        return wrong(list, next);
    list->at = next;
    list->separated = false;
    return POSTINO_ADDRESSES_MAILBOX;
}

static enum postino_addresses_found angle(struct postino_addresses *list, const char *at, struct postino_address *found)
{
    const char *begin = skip(at + 1, list->end);
    if (!begin)
        return wrong(list, at);
    const char *past = postino_addr_spec(begin, list->end);
    const char *close = past ? skip(past, list->end) : NULL;
    if (!close || close == list->end || *close != '>')
        return wrong(list, begin);
    found->address = begin;
    found->address_length = (size_t)(past - begin);
    return found_mailbox(list, close + 1);
}

/* A word without anything is a local user's name, as sendmail takes it. */
static enum postino_addresses_found lone_word(struct postino_addresses *list, const char *begin, const char *past,
                                              struct postino_address *found)
{
    if (postino_dot_atom(begin, past) != past)
        return wrong(list, begin);
    found->name = NULL;
    found->name_length = 0;
    found->address = begin;
    found->address_length = (size_t)(past - begin);
    return found_mailbox(list, past);
}

static enum postino_addresses_found bare_address(struct postino_addresses *list, const char *begin,
                                                 struct postino_address *found)
{
    const char *past = postino_addr_spec(begin, list->end);
    if (!past)
        return wrong(list, begin);
    found->address = begin;
    found->address_length = (size_t)(past - begin);
    return found_mailbox(list, past);
}

static enum postino_addresses_found open_group(struct postino_addresses *list, const char *at)
{
    if (list->group)
        return wrong(list, at);
    list->group = true;
    list->at = at + 1;
    return POSTINO_ADDRESSES_END;
}

/* One mailbox, or the beginning of a group, for which it returns the end. */
static enum postino_addresses_found element(struct postino_addresses *list, struct postino_address *found)
{
    const char *begin = list->at, *at = begin, *past = NULL;
    size_t words = 0;
    memset(found, 0, sizeof *found);
    while (at < list->end && !strchr("<:,;", *at)) {
        const char *next = word(at, list->end);
        if (!next)
            return wrong(list, at);
        if (next < list->end && *next == '@')
            return words ? wrong(list, at) : bare_address(list, begin, found);
        past = next;
        words++;
        at = skip(past, list->end);
        if (!at)
            return wrong(list, past);
    }
    found->name = past ? begin : NULL;
    found->name_length = past ? (size_t)(past - begin) : 0;
    if (at < list->end && *at == '<')
        return angle(list, at, found);
    if (at < list->end && *at == ':' && words)
        return open_group(list, at);
    return words == 1 ? lone_word(list, begin, past, found) : wrong(list, begin);
}

void postino_addresses_begin(struct postino_addresses *list, const char *text, size_t length)
{
    memset(list, 0, sizeof *list);
    list->at = text;
    list->end = text + length;
    list->separated = true;
}

enum postino_addresses_found postino_addresses_next(struct postino_addresses *list, struct postino_address *found)
{
    while (!list->wrong) {
        const char *at = skip(list->at, list->end);
        if (!at)
            return wrong(list, list->at);
        list->at = at;
        if (at == list->end)
            return list->group ? wrong(list, at) : POSTINO_ADDRESSES_END;
        if (*at == ',') { /* several are RFC 5322 4.4 */
            list->separated = true;
            list->at++;
        } else if (*at == ';' && list->group) {
            list->group = list->separated = false;
            list->at++;
        } else if (!list->separated) {
            return wrong(list, at);
        } else {
            enum postino_addresses_found what = element(list, found);
            if (what != POSTINO_ADDRESSES_END)
                return what;
        }
    }
    return POSTINO_ADDRESSES_WRONG;
}
