/* The content of a mail, by DATA or by BDAT: found, unstuffed, counted and judged as it comes, never kept. */
#define _GNU_SOURCE
#include "sink_server.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* Whether a CR or LF stands alone between the first and the last octet: where each LF follows a CR and each CR is
 * followed by LF, none does. Blocks of fixed size let the compiler compare many octets at once. */
static bool sink_has_bare(const unsigned char *text, size_t length)
{
    size_t i = 1;

    for (; i + 64 <= length; i += 64) {
        unsigned char bad = 0;

        for (size_t k = 0; k < 64; k++)
            bad |= (unsigned char)((text[i + k - 1] == '\r') ^ (text[i + k] == '\n'));
        if (bad)
            return true;
    }
    for (; i < length; i++) {
        if ((text[i - 1] == '\r') != (text[i] == '\n'))
            return true;
    }
    return false;
}

/* Content after unstuffing, in order. */
static void sink_take(struct postino_sink_peer *peer, const char *text, size_t length)
{
    const unsigned char *octets = (const unsigned char *)text;

    if (length == 0)
        return;
    if (!peer->bare && !peer->binary)
        peer->bare = (peer->last_octet == '\r') != (octets[0] == '\n') || sink_has_bare(octets, length);
    peer->last_octet = octets[length - 1];
    peer->octets += length;
    peer->over |= peer->sink->size_limit && peer->octets > peer->sink->size_limit;
    if (peer->file >= 0)
        postino_sink_store_take(peer, text, length);
}

/* From the middle of a line to behind its LF, or to the end of what is there. */
static const char *sink_line_end(struct postino_sink_peer *peer, const char *at, const char *end)
{
    const char *lf = memchr(at, '\n', (size_t)(end - at));

    if (!lf) {
        peer->line = end[-1] == '\r' ? SINK_LINE_CR : SINK_LINE_MIDDLE;
        return end;
    }
    peer->line = lf > at && lf[-1] == '\r' ? SINK_LINE_START : SINK_LINE_MIDDLE;
    return lf + 1;
}

/* A CR in mid-line: a LF makes it a line end, whatever else comes does not. */
static const char *sink_after_cr(struct postino_sink_peer *peer, const char *at)
{
    if (*at == '\r')
        return at + 1;
    peer->line = *at == '\n' ? SINK_LINE_START : SINK_LINE_MIDDLE;
    return *at == '\n' ? at + 1 : at;
}

/* RFC 5321 4.5.2 and 4.1.1.4. Returns the octets used: up to the end of the content, where it is there. */
static size_t sink_data(struct postino_sink_peer *peer, const char *text, size_t length)
{
    const char *from = text, *at = text, *end = text + length;
    bool over = false;

    while (at < end && !over) {
        switch (peer->line) {
        case SINK_LINE_START:
            peer->line = *at == '.' ? SINK_LINE_DOT : SINK_LINE_MIDDLE;
            if (*at != '.')
                break;
            sink_take(peer, from, (size_t)(at - from));
            from = ++at;
            break;
        case SINK_LINE_DOT:
            peer->line = *at == '\r' ? SINK_LINE_DOT_CR : SINK_LINE_MIDDLE;
            if (*at == '\r')
                from = ++at;
            break;
        case SINK_LINE_DOT_CR:
            over = *at == '\n';
            peer->line = SINK_LINE_CR;
            if (over)
                from = ++at;
            else
                sink_take(peer, "\r", 1);
            break;
        case SINK_LINE_MIDDLE:
            at = sink_line_end(peer, at, end);
            break;
        case SINK_LINE_CR:
            at = sink_after_cr(peer, at);
            break;
        }
    }
    sink_take(peer, from, (size_t)(at - from));
    peer->phase = over ? SINK_COMMAND : SINK_DATA;
    return (size_t)(at - text);
}

static void sink_begin(struct postino_sink_peer *peer)
{
    peer->octets = peer->wire = 0;
    peer->last_octet = 0;
    peer->line = SINK_LINE_START;
    peer->cut_at = UINT64_MAX;
    if (peer->sink->fault_count > 0)
        postino_sink_fault_cut(peer);
    if (peer->sink->maildir)
        postino_sink_store_begin(peer);
}

enum postino_sink_reply postino_sink_data(struct postino_sink_peer *peer, struct postino_sink_text argument)
{
    if (argument.length > 0)
        return SINK_SAY_SYNTAX;
    if (!peer->in_mail || peer->chunking)
        return SINK_SAY_SEQUENCE;
    if (peer->recipients == 0)
        return SINK_SAY_NO_RECIPIENTS;
    return peer->binary ? SINK_SAY_NEEDS_BDAT : SINK_SAY_DATA; /* RFC 3030 3 */
}

void postino_sink_data_begin(struct postino_sink_peer *peer, struct postino_sink_text argument)
{
    (void)argument;
    peer->phase = SINK_DATA;
    sink_begin(peer);
}

/* `SIZE [LAST]`: false where it is neither. */
static bool sink_chunk_size(struct postino_sink_peer *peer, struct postino_sink_text argument)
{
    size_t digits = 0;

    peer->chunk_length = 0;
    while (digits < argument.length && isdigit((unsigned char)argument.text[digits]))
        peer->chunk_length = peer->chunk_length * 10 + (unsigned)(argument.text[digits++] - '0');
    if (digits == 0 || digits > 18)
        return false;
    peer->chunk_left = peer->chunk_length;
    peer->chunk_last = argument.length > digits;
    return !peer->chunk_last || (argument.length == digits + 5 && strncasecmp(argument.text + digits, " LAST", 5) == 0);
}

/* RFC 3030 2: the octets of a refused chunk are read all the same, and its reply comes behind them. */
enum postino_sink_reply postino_sink_bdat(struct postino_sink_peer *peer, struct postino_sink_text argument)
{
    if (!peer->extended || !(peer->sink->offered & SINK_CHUNKING))
        return SINK_SAY_UNKNOWN;
    if (!sink_chunk_size(peer, argument))
        return SINK_SAY_SYNTAX;
    peer->phase = SINK_CHUNK;
    peer->chunk_reply = SINK_SAY_CHUNK;
    if (!peer->in_mail || peer->broken)
        peer->chunk_reply = SINK_SAY_SEQUENCE;
    else if (peer->recipients == 0)
        peer->chunk_reply = SINK_SAY_NO_RECIPIENTS;
    if (peer->chunk_reply != SINK_SAY_CHUNK)
        return SINK_SAY_LATER;
    if (!peer->chunking)
        sink_begin(peer);
    peer->chunking = true;
    if (peer->sink->size_limit && peer->chunk_length > peer->sink->size_limit - peer->octets)
        peer->chunk_reply = SINK_SAY_TOO_LARGE;
    return SINK_SAY_LATER;
}

static size_t sink_chunk(struct postino_sink_peer *peer, const char *text, size_t length)
{
    size_t used = length < peer->chunk_left ? length : (size_t)peer->chunk_left;

    if (peer->chunk_reply == SINK_SAY_CHUNK)
        sink_take(peer, text, used);
    peer->chunk_left -= used;
    if (peer->chunk_left == 0)
        peer->phase = SINK_COMMAND;
    return used;
}

/* Takes content, and says what is to be said at its end. May stop at a cut in mid-content. */
size_t postino_sink_content(struct postino_sink_peer *peer, const char *text, size_t length)
{
    bool data = peer->phase == SINK_DATA;
    bool counts = data || peer->chunk_reply == SINK_SAY_CHUNK;
    size_t used;

    if (counts && length > peer->cut_at - peer->wire)
        length = (size_t)(peer->cut_at - peer->wire);
    used = data ? sink_data(peer, text, length) : sink_chunk(peer, text, length);
    if (peer->file >= 0)
        postino_sink_store_flush(peer);
    if (counts)
        peer->wire += used;
    if (counts && peer->wire == peer->cut_at) {
        postino_sink_fault_hit(peer);
        if (peer->closing)
            return used;
    }
    if (peer->phase != SINK_COMMAND)
        return used;
    if (data)
        postino_sink_content_end(peer);
    else
        postino_sink_chunk_end(peer);
    return used;
}
