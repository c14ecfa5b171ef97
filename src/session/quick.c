/*
 * For hosts that send and hear much: text in blocks, replies in lines. Only what is sound and ordinary is taken here;
 * the rest is left to the octets of the engine.
 */
#include "internal.h"

#ifdef __GNUC__ /* vectors, whatever the processor makes of them */
enum {
    TEXT = 4, /* where it stands in a line, behind code and separator */
};

typedef unsigned char block __attribute__((vector_size(16)));
typedef signed char mask __attribute__((vector_size(16)));

enum {
    BLOCK = sizeof(block)
};

/* A bit for each octet: its highest. */
static unsigned bits_of(const mask *octets)
{
#ifdef __SSE2__
    typedef char chars __attribute__((vector_size(16)));
    return (unsigned)__builtin_ia32_pmovmskb128((chars)*octets);
#else
    unsigned bits = 0;
    for (unsigned i = 0; i < BLOCK; i++)
        bits |= ((*octets)[i] < 0 ? 1u : 0u) << i;
    return bits;
#endif
}

/* Copies text up to the first octet that may end a line, or is above 127 and not borne; and what is behind an end in
 * its block, which is written again. Returns how many octets stand in front of that. */
static size_t copy_text(char *out, const char *in, size_t length, bool bears)
{
    size_t at = 0;
    for (block octets;; at += BLOCK) {
        if (length - at >= BLOCK) {
            memcpy(&octets, in + at, BLOCK);
        } else {
            octets = (block){0}; /* which ends it */
            memcpy(&octets, in + at, length - at);
        }
        const mask wide = (mask)octets, ends = (mask)(octets <= '\r');
        if (!bears && bits_of(&wide))
            return at;
        memcpy(out + at, &octets, BLOCK);
        if (bits_of(&ends))
            return at + (unsigned)__builtin_ctz(bits_of(&ends));
    }
}

/* Lines that may be sent, and end with CR LF or LF; up to what is extraordinary. */
static void expand(struct postino_session *s, struct postino_expansion *e)
{
    const bool bears = s->offers & POSTINO_OFFERS_8BITMIME;
    const char *in = e->in;
    char *out = e->out;
    size_t column = s->column;
    while (in < e->end && in - out > BLOCK && !s->read_cr && column <= POSTINO_CONTENT_LINE_MAX) {
        /* `out` never reaches what is still to be read. */
        const bool dot = column == 0 && *in == '.' && !s->chunks;
        size_t left = (size_t)(e->end - in), most = POSTINO_CONTENT_LINE_MAX - column;
        *out = '.';
        size_t text = copy_text(out + dot, in, left < most ? left : most, bears);
        in += text;
        out += text ? text + dot : 0;
        column += text;
        left -= text;
        size_t line_end = left && *in == '\r' ? 2 : 1;
        if (left < line_end || in[line_end - 1] != '\n')
            break;
        memcpy(out, "\r\n", 2);
        in += line_end;
        out += 2;
        column = 0;
    }
    s->column = (uint32_t)column;
    e->in = in;
    e->out = out;
}

/* How many octets are text to which nothing but its place matters. */
static size_t plain_text(const char *at, size_t length)
{
    size_t plain = 0;
    for (block octets; plain + sizeof octets <= length; plain += sizeof octets) {
        memcpy(&octets, at + plain, sizeof octets);
        const mask controls = (mask)((octets < ' ') | (octets == 0x7F));
        if (bits_of(&controls))
            return plain + (unsigned)__builtin_ctz(bits_of(&controls));
    }
    while (plain < length && (unsigned char)at[plain] >= ' ' && at[plain] != 0x7F)
        plain++;
    return plain;
}

/* The code at the start of a line; 0: there is none. */
static uint32_t code_at(const char *at)
{
    uint32_t code = 0;
    for (int i = 0; i < 3; i++) {
        uint32_t digit = (unsigned char)at[i] - (uint32_t)'0';
        if (digit > 9)
            return 0;
        code = code * 10 + digit;
    }
    return at[3] == ' ' || at[3] == '-' ? code : 0;
}

/* A line of the EHLO reply behind its code. */
static void heed(struct postino_session *s, const char *text, size_t length)
{
    for (size_t i = 0; i < length && (i == 0 || s->word_length != POSTINO_WORDS_IGNORED); i++) {
        s->line_length = (uint32_t)(TEXT + 1 + i);
        s->heard = text[i];
        postino_ehlo_octet(s, text[i]);
    }
    postino_ehlo_octet(s, '\n');
    s->line_length = 0;
}

/* What stands behind the code of a line, as far as there is room for it. */
static void keep(struct postino_session *s, const char *text, size_t length, char end)
{
    const struct postino_config *config = s->config;
    if (s->failed) /* the text is that of the error */
        return;
    size_t room = config->text_size > s->text_length ? config->text_size - s->text_length - 1u : 0;
    if (length > room)
        length = room;
    if (length)
        memcpy(config->text + s->text_length, text, length);
    s->text_length += (uint32_t)length;
    if (s->text_length + !!end < config->text_size)
        config->text[s->text_length++] = end;
}

/* Takes a whole line, with its line end; returns its octets. */
static size_t hear(struct postino_session *s, const char *at, size_t length)
{
    if (s->line_length || s->heard == '\r' || length < TEXT + 2 || s->config->trace)
        return 0;
    uint32_t code = code_at(at);
    if (!code || s->outstanding == 0 || (!s->last_line && (code != s->code || s->lines == POSTINO_REPLY_LINES_MAX)))
        return 0;
    size_t text = plain_text(at + TEXT, length - TEXT);
    if (text > POSTINO_REPLY_LINE_MAX - TEXT || length - TEXT - text < 2 || at[TEXT + text] != '\r' ||
        at[TEXT + text + 1] != '\n')
        return 0;
    if (s->last_line)
        s->lines = s->text_length = 0;
    s->code = s->line_code = code;
    s->last_line = at[3] == ' ';
    if (s->awaited.step == POSTINO_STEP_EHLO && s->lines && code == 250)
        heed(s, at + TEXT, text);
    keep(s, at + TEXT, text, s->last_line ? '\0' : '\n');
    s->lines++;
    s->heard = '\n';
    if (s->last_line)
        postino_flow_answered(s);
    return TEXT + text + 2;
}

const struct postino_quick postino_quick = {expand, hear};
#endif
