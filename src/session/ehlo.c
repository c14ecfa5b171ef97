/* The EHLO reply (5321 4.1.1.1): its lines are held against the extensions of the configuration; the rest is forgotten.
 */
#include "internal.h"

static void put_body(const struct postino_session *s, struct postino_writer *w)
{
    if (!s->spoken.mail->source->seven_bit)
        postino_command_put(w, " BODY=8BITMIME");
}

const struct postino_extension postino_pipelining = {"PIPELINING", POSTINO_OFFERS_PIPELINING, NULL, NULL, NULL};
const struct postino_extension postino_eight_bit = {"8BITMIME", POSTINO_OFFERS_8BITMIME, NULL, NULL, put_body};

const struct postino_extension *const postino_extensions_basic[] = {&postino_pipelining, &postino_eight_bit, NULL};

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
    const struct postino_extension *const *at = s->extensions;
    s->word[s->word_length] = '\0';
    s->word_length = sizeof s->word; /* the keyword is over */
    while (*at && !is_keyword(s, *at))
        at++;
    for (int i = 0; i < 2; i++)
        if (s->config->opening[i])
            is_keyword(s, &s->config->opening[i]->extension);
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
