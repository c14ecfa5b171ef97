/* The EHLO reply (5321 4.1.1.1): its lines are held against the extensions of the configuration; the rest is forgotten.
 */
#include "internal.h"

static bool is_keyword(struct postino_session *s, const struct postino_extension *extension)
{
    if (strcmp(extension->keyword, s->word) != 0)
        return false;
    s->extension = extension;
    if (extension->heard)
        extension->heard(s, '\0');
    s->offers |= extension->offers;
    return true;
}

static void keyword_ends(struct postino_session *s)
{
    s->word[s->word_length] = '\0';
    s->word_length = sizeof s->word; /* the keyword is over */
    for (int i = 0; i < 2; i++)
        if (s->config->opening[i] && is_keyword(s, &s->config->opening[i]->extension))
            return;
    for (const struct postino_extension *const *at = s->extensions; *at && !is_keyword(s, *at);)
        at++;
}

static void keyword_octet(struct postino_session *s, char octet)
{
    if (octet >= 'a' && octet <= 'z')
        octet = (char)(octet - 'a' + 'A');
    if (s->word_length < sizeof s->word - 1) /* a longer word than any that is known stays longer */
        s->word[s->word_length++] = octet;
}

void postino_ehlo_octet(struct postino_session *s, char octet)
{
    enum {
        FIRST = 5
    };
    if (s->line_length <= FIRST) { /* its first octet, or an empty line's end */
        s->extension = NULL;
        s->word_length = 0;
    }
    if (s->word_length == sizeof s->word) {
        if (s->extension && s->extension->heard)
            s->extension->heard(s, octet);
    } else if (octet == ' ' || octet == '\n' || octet == '=') { /* "AUTH=LOGIN" is older than 4954 */
        keyword_ends(s);
        if (octet == '=' && s->extension && s->extension->heard)
            s->extension->heard(s, octet);
    } else {
        keyword_octet(s, octet);
    }
}
