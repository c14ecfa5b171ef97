/* The EHLO reply (5321 4.1.1.1): keywords become bits, the parameter of SIZE a number, the rest is forgotten. */
#include "internal.h"

/* In the order of the bits POSTINO_OFFERS_…. */
static const char keywords[] = "8BITMIME\0BINARYMIME\0SMTPUTF8\0PIPELINING\0SIZE\0ENHANCEDSTATUSCODES\0STARTTLS\0"
                               "CHUNKING\0DSN\0AUTH\0";

enum {
    IN_KEYWORD = 0xFF,
    IGNORED = 0xFE,
    SIZE_BIT = 4
};

static uint8_t keyword_index(const struct postino_session *s)
{
    uint8_t index = 0;
    for (const char *keyword = keywords; *keyword; index++) {
        size_t length = strlen(keyword);
        if (length == s->word_length && memcmp(keyword, s->word, length) == 0)
            return index;
        keyword += length + 1;
    }
    return IGNORED;
}

static void keyword_ends(struct postino_session *s)
{
    s->keyword = keyword_index(s);
    if (s->keyword == IGNORED)
        return;
    s->offers |= (uint16_t)(1u << s->keyword);
    if (s->keyword == SIZE_BIT)
        s->size_limit = 0;
}

/* 1870 4: decimal digits and nothing else; what does not fit means that no limit is known, it never wraps. */
static void size_octet(struct postino_session *s, char octet)
{
    unsigned digit = (unsigned char)octet - (unsigned)'0';
    if (digit > 9 || s->size_limit > UINT64_MAX / 10 - 1) {
        s->size_limit = 0;
        s->keyword = IGNORED;
        return;
    }
    s->size_limit = s->size_limit * 10 + digit;
}

void postino_ehlo_octet(struct postino_session *s, char octet)
{
    if (s->line_length == 5 || (octet == '\n' && s->line_length < 5)) {
        s->keyword = IN_KEYWORD;
        s->word_length = 0;
    }
    if (s->keyword == IN_KEYWORD) {
        if (octet == ' ' || octet == '\n' || (octet == '=' && s->word_length == 4 && memcmp(s->word, "AUTH", 4) == 0)) {
            keyword_ends(s);
            return;
        }
        if (octet >= 'a' && octet <= 'z')
            octet = (char)(octet - 'a' + 'A');
        if (s->word_length < sizeof s->word)
            s->word[s->word_length] = octet;
        s->word_length = (uint8_t)(s->word_length + (s->word_length < 0xFF));
    } else if (s->keyword == SIZE_BIT && octet != '\n') {
        size_octet(s, octet);
    }
}
