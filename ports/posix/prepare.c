/* Names and passwords that are not ASCII. */
#include "secure.h"

#include <postino/posix.h>

#include <idn2.h>
#include <stdlib.h>
#include <string.h>
#include <stringprep.h>

static bool is_ascii(const char *text)
{
    while (*text && !(*text & 0x80)) /* a char may have no sign */
        text++;
    return !*text;
}

char *postino_saslprep(const char *text, const char **problem)
{
    char *prepared = NULL;
    if (is_ascii(text)) {
        for (const char *at = text; *at; at++)
            if (*at < ' ' || *at == 0x7F) {
                *problem = "the user name or the password holds a control character";
                return NULL;
            }
        prepared = strdup(text);
        if (!prepared)
            *problem = "no memory is left";
        return prepared;
    }
    if (stringprep_profile(text, &prepared, "SASLprep", 0) == STRINGPREP_OK && *prepared)
        return prepared;
    free(prepared);
    *problem = "the user name or the password is not UTF-8, or holds characters that SASLprep (RFC 4013) prohibits";
    return NULL;
}

/* A name of a host in the form that DNS has (5890 2.3.2.1), to be freed by idn2_free; or NULL. */
static char *name_to_ascii(const char *name)
{
    char *ascii = NULL;
    return idn2_to_ascii_8z(name, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) == IDN2_OK ? ascii : NULL;
}

char *postino_address_to_ascii(const char *address)
{
    const char *at = strrchr(address, '@');
    bool wide = at && !is_ascii(at + 1);
    for (const char *local = address; wide && local < at; local++)
        wide = !(*local & 0x80); /* the name in such a local-part is only its server's to know */
    char *domain = wide ? name_to_ascii(at + 1) : NULL;
    size_t length = wide ? (size_t)(at + 1 - address) : strlen(address);
    char *ascii = wide && !domain ? NULL : malloc(length + (domain ? strlen(domain) : 0) + 1);
    if (ascii) {
        memcpy(ascii, address, length);
        strcpy(ascii + length, domain ? domain : "");
    }
    idn2_free(domain);
    return ascii;
}

const char *postino_host_to_ascii(struct postino_url *url)
{
    if (is_ascii(url->host))
        return NULL;
    char *ascii = name_to_ascii(url->host);
    bool fits = ascii && strlen(ascii) < sizeof url->host;
    if (fits)
        strcpy(url->host, ascii);
    idn2_free(ascii);
    return fits ? NULL : "the host is not a name that IDNA 2008 (RFC 5891) allows";
}
