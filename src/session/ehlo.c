/* The EHLO reply (5321 4.1.1.1): its words are held against the extensions of the configuration; the rest is forgotten.
 */
#include "internal.h"

static bool is_keyword(struct postino_session *s, const struct postino_keyword *keyword)
{
    if (keyword->name[0] != s->word[0] || strcmp(keyword->name, s->word) != 0)
        return false;
    s->keyword = keyword;
    return true;
}

static void find_keyword(struct postino_session *s)
{
    for (int i = 0; i < 2; i++)
        if (s->config->opening[i] && is_keyword(s, &s->config->opening[i]->keyword))
            return;
    for (const struct postino_extension *const *at = s->extensions; *at && !is_keyword(s, &(*at)->keyword);)
        at++;
}

static void word_ends(struct postino_session *s)
{
    if (s->keyword && s->word_length == 0)
        return;
    s->word[s->word_length] = '\0';
    s->word_length = 0;
    if (!s->keyword) {
        find_keyword(s);
        s->word[0] = '\0';
    }
    if (!s->keyword) {
        s->word_length = POSTINO_WORDS_IGNORED;
        return;
    }
    if (s->keyword->heard)
        s->keyword->heard(s);
    s->offers |= s->keyword->offers;
}

void postino_ehlo_octet(struct postino_session *s, char octet)
{
    enum {
        FIRST = 5
    };
    if (s->line_length <= FIRST) { /* its first octet, or an empty line's end */
        s->keyword = NULL;
        s->word_length = 0;
    }
    if (s->word_length == POSTINO_WORDS_IGNORED)
        return;
    if (octet == ' ' || octet == '\n' || octet == '=') { /* "AUTH=LOGIN" is older than 4954 */
        word_ends(s);
        return;
    }
    if (s->word_length < sizeof s->word - 1) /* a longer word than any that is known stays longer */
        s->word[s->word_length++] = postino_ehlo_capital(octet);
}
