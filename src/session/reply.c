/* Replies (5321 4.2), one octet at a time. Nothing is trusted before it is complete, bounded and consistent. */
#include "internal.h"

enum {
    CODE_LENGTH = 3,
    SEPARATOR = 4
};

static bool code_digit(struct postino_session *s, char octet)
{
    unsigned digit = (unsigned char)octet - (unsigned)'0';
    if (digit > 9)
        return false;
    s->line_code = s->line_code * 10 + digit;
    if (s->line_length < CODE_LENGTH)
        return true;
    if (s->lines == 0)
        s->code = s->line_code;
    return s->line_code == s->code;
}

/* Also the line's end, LF. The text of a session that failed is sticky. */
static void text_octet(struct postino_session *s, char octet)
{
    const struct postino_config *config = s->config;
    if (s->awaited.step == POSTINO_STEP_EHLO && s->lines && s->code == 250) /* what else lists is no offer */
        postino_ehlo_octet(s, octet);
    if (octet == '\n' && s->last_line)
        octet = '\0';
    else if (((unsigned char)octet < ' ' && octet != '\n') || octet == 0x7F)
        octet = '?';
    if (!s->failed && s->text_length + !!octet < config->text_size) /* room for the NUL is left until it comes */
        config->text[s->text_length++] = octet;
}

/* An octet within a line. Returns false where the line is broken. */
static bool line_octet(struct postino_session *s, char octet)
{
    unsigned times_2 = s->awaited.step == POSTINO_STEP_AUTH ? 6 : 0; /* of a power: challenges are long */
    if (octet == '\0' || ++s->line_length > POSTINO_REPLY_LINE_MAX << times_2)
        return false;
    if (s->line_length <= CODE_LENGTH)
        return code_digit(s, octet);
    if (s->line_length > SEPARATOR)
        text_octet(s, octet);
    else if (octet == '-')
        s->last_line = false;
    else
        return octet == ' ';
    return true;
}

static bool line_end(struct postino_session *s)
{
    if (s->line_length < CODE_LENGTH || s->lines == POSTINO_REPLY_LINES_MAX)
        return false;
    text_octet(s, '\n');
    s->lines++;
    s->line_length = 0;
    return true;
}

/* Called with the first octet of each line. */
static void line_begins(struct postino_session *s)
{
    if (s->last_line) { /* the line before ended a reply: this one begins the next */
        s->lines = s->text_length = 0;
        if (s->outstanding == 0)
            s->unsolicited = true;
    }
    s->last_line = true;
    s->line_code = 0;
}

bool postino_reply_octet(struct postino_session *s, char octet)
{
    bool sound = true;
    if (s->line_length == 0 && s->config->lenient && s->config->lenient->skips(s, octet))
        return false;
    char before = s->heard;
    s->heard = octet;
    if (s->line_length == 0)
        line_begins(s);
    if (octet == '\n') {
        sound = line_end(s);
    } else {
        /* A CR is the line's end only with LF behind it; else it is text, and broken in front of text. */
        if (before == '\r')
            sound = line_octet(s, before);
        if (octet != '\r')
            sound = sound && line_octet(s, octet);
    }
    if (!sound)
        s->code = 0;
    return !sound || (octet == '\n' && s->last_line);
}
