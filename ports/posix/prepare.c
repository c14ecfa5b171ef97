/* Names and passwords that are not ASCII. */
#include "secure.h"

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

const char *postino_host_to_ascii(struct postino_url *url)
{
    char *ascii = NULL;
    if (is_ascii(url->host))
        return NULL;
    bool fits = idn2_to_ascii_8z(url->host, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) == IDN2_OK &&
                strlen(ascii) < sizeof url->host;
    if (fits)
        strcpy(url->host, ascii);
    idn2_free(ascii);
    return fits ? NULL : "the host is not a name that IDNA 2008 (RFC 5891) allows";
}
