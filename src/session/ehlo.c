/* The EHLO reply (5321 4.1.1.1): keywords become bits, the parameter of SIZE a number, the rest is forgotten. */
#include "internal.h"

/* In the order of the bits POSTINO_OFFERS_…. */
static const char keywords[] = "8BITMIME\0BINARYMIME\0SMTPUTF8\0PIPELINING\0SIZE\0ENHANCEDSTATUSCODES\0STARTTLS\0"
                               "CHUNKING\0DSN\0AUTH\0";

enum {
    IN_KEYWORD = 0xFF,
    SIZE_BIT = 4
};

static void keyword_ends(struct postino_session *s)
{
    s->keyword = 0;
    s->word[s->word_length] = '\0';
    for (const char *keyword = keywords; *keyword; keyword += strlen(keyword) + 1, s->keyword++) {
        if (strcmp(keyword, s->word) == 0) {
            s->offers |= (uint16_t)(1u << s->keyword);
            if (s->keyword == SIZE_BIT)
                s->size_limit = 0;
            return;
        }
    }
}

static void keyword_octet(struct postino_session *s, char octet)
{
    if (octet >= 'a' && octet <= 'z')
        octet = (char)(octet - 'a' + 'A');
    if (s->word_length < sizeof s->word - 1) /* a longer word than any that is known stays longer */
        s->word[s->word_length++] = octet;
}

/* 1870 4: decimal digits and nothing else; what does not fit means that no limit is known, it never wraps. */
static void size_octet(struct postino_session *s, char octet)
{
    unsigned digit = (unsigned char)octet - (unsigned)'0';
    if (digit <= 9 && s->size_limit < SIZE_MAX / 10) {
        s->size_limit = s->size_limit * 10 + digit;
        return;
    }
    s->size_limit = 0;
    s->keyword = 0;
}

void postino_ehlo_octet(struct postino_session *s, char octet)
{
    enum {
        FIRST = 5
    };
    if (s->line_length == FIRST || (octet == '\n' && s->line_length < FIRST)) {
        s->keyword = IN_KEYWORD;
        s->word_length = 0;
    }
    if (s->keyword != IN_KEYWORD) {
        if (s->keyword == SIZE_BIT && octet != '\n')
            size_octet(s, octet);
        return;
    }
    /* "AUTH=LOGIN" is the form of servers older than 4954. */
    if (octet == ' ' || octet == '\n' || (octet == '=' && s->word_length == 4 && memcmp(s->word, "AUTH", 4) == 0))
        keyword_ends(s);
    else
        keyword_octet(s, octet);
}
