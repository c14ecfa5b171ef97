/* Addresses from arguments and header fields. */
#define _GNU_SOURCE
#include "tool.h"

#include <stdlib.h>
#include <string.h>

static char *copy(const char *text, size_t length, const char *domain)
{
    size_t more = domain ? strlen(domain) + 1 : 0;
    char *copied = postino_grow(NULL, length + more + 1, 1);
    memcpy(copied, text, length);
    copied[length] = '\0';
    if (domain) {
        copied[length] = '@';
        strcpy(copied + length + 1, domain);
    }
    return copied;
}

/* A display name as people read it: a quoted string loses its quotes (5322 3.2.4). */
static char *display_name(const struct postino_address *address)
{
    if (!address->name)
        return NULL;
    char *name = copy(address->name, address->name_length, NULL), *to = name;
    for (const char *from = name; *from; from++) {
        if (*from == '"')
            continue;
        if (*from == '\\' && from[1])
            from++;
        *to++ = *from;
    }
    *to = '\0';
    return name;
}

bool postino_people_add(struct postino_people *people, const char *what, const char *list, const char *domain)
{
    struct postino_addresses addresses;
    struct postino_address found;
    enum postino_addresses_found kind;
    size_t before = people->count;
    if (strpbrk(list, "\r\n")) {
        postino_complain("%s: a line end in it: %s", what, list);
        return false;
    }
    postino_addresses_begin(&addresses, list, strlen(list));
    while ((kind = postino_addresses_next(&addresses, &found)) == POSTINO_ADDRESSES_MAILBOX) {
        bool lone = !memchr(found.address, '@', found.address_length);
        char *address = copy(found.address, found.address_length, lone ? domain : NULL);
        char *ascii = postino_utf8_path_valid(address) ? postino_address_to_ascii(address) : NULL;
        if (!ascii)
            postino_complain("%s: not an address: %s", what, address);
        free(address);
        if (!ascii)
            return false;
        people->items = postino_grow(people->items, people->count + 1, sizeof *people->items);
        people->items[people->count++] = (struct postino_mailbox){display_name(&found), ascii};
    }
    if (kind == POSTINO_ADDRESSES_WRONG) {
        postino_complain("%s: not an address, or a list of addresses: %s", what, list);
        return false;
    }
    if (people->count > before || strchr(list, ':')) /* undisclosed-recipients:; */
        return true;
    postino_complain("%s: there is no address in it", what);
    return false;
}
