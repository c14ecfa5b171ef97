/*
 * Content as DATA sends it: line ends normalised first (every CR LF, lone CR and lone LF becomes one CR LF), dots
 * stuffed second (5321 4.5.2), so that no input can write a terminator.
 *
 * Expansion happens in the caller's buffer. An octet becomes two at most, so half the room is read to the far end of
 * the room and expanded forward: the octets written never reach those that are still to be read.
 */
#include "internal.h"

enum {
    LINE_MAX_OCTETS = 998
}; /* 5321 4.5.3.1.6, without the line end */

struct expansion {
    const char *in, *end;
    char *out;
};

/* The mail ends here: the connection goes without the terminator, so that nothing half-sent is delivered. Chunks do
 * without that. */
static void give_up(struct postino_session *s, enum postino_reason reason)
{
    struct postino_mail *mail = s->spoken.mail;
    if (!s->chunks)
        postino_flow_fail(s, reason);
    postino_result_set(s, &mail->result,
                       reason == POSTINO_REASON_SOURCE ? POSTINO_VERDICT_FOR_NOW : POSTINO_VERDICT_FOR_GOOD, reason);
    mail->is.doomed = true;
}

/* Copies octets up to the next CR, LF or NUL; up to the next control character a word at a time. Returns whether some
 * are above 127. */
static bool copy_line(struct expansion *e)
{
    const size_t ones = SIZE_MAX / 0xFF, highest = ones << 7;
    const char *in = e->in;
    char *out = e->out;
    size_t word, seen = 0;
    for (; (size_t)(e->end - in) >= sizeof word; in += sizeof word, out += sizeof word) {
        memcpy(&word, in, sizeof word);
        if ((word - ones * ' ') & ~word & highest) /* an octet of it is below a space */
            break;
        memcpy(out, &word, sizeof word);
        seen |= word;
    }
    while (in < e->end && *in != '\r' && *in != '\n' && *in != '\0')
        seen |= (unsigned char)(*out++ = *in++);
    e->in = in;
    e->out = out;
    return seen & highest;
}

/* What has been copied of a line, and stands behind it. */
static enum postino_reason unfit(const struct postino_session *s, const struct expansion *e, bool wide)
{
    enum postino_reason reason = POSTINO_REASON_REPLY;
    if (e->in < e->end && *e->in == '\0')
        reason = POSTINO_REASON_NUL;
    else if (s->column > LINE_MAX_OCTETS)
        reason = POSTINO_REASON_LONG_LINE;
    else if (wide && !(s->offers & POSTINO_OFFERS_8BITMIME))
        reason = POSTINO_REASON_8BIT;
    return s->config->lenient && s->config->lenient->bears(reason) ? POSTINO_REASON_REPLY : reason;
}

static void expand(struct postino_session *s, struct expansion *e)
{
    while (e->in < e->end) {
        e->in += s->read_cr && *e->in == '\n'; /* the line has ended with its CR */
        s->read_cr = false;
        if (e->in < e->end && *e->in == '.' && s->column == 0 && !s->chunks)
            *e->out++ = '.';
        const char *from = e->in;
        bool wide = copy_line(e);
        s->column += (uint32_t)(e->in - from);
        enum postino_reason reason = unfit(s, e, wide);
        if (reason) {
            give_up(s, reason);
            return;
        }
        if (e->in == e->end)
            return;
        s->read_cr = *e->in++ == '\r';
        *e->out++ = '\r';
        *e->out++ = '\n';
        s->column = 0;
    }
}

size_t postino_content_source(struct postino_session *s, char *buffer, size_t room)
{
    struct postino_source *source = s->spoken.mail->source;
    ptrdiff_t got = source->read(source, buffer, room);
    if (got > 0 && (size_t)got <= room)
        return (size_t)got;
    if (got == POSTINO_SOURCE_END)
        s->content_ended = true;
    else if (got == POSTINO_SOURCE_NOT_YET)
        s->not_yet = true;
    else
        give_up(s, POSTINO_REASON_SOURCE);
    return 0;
}

size_t postino_content_read(struct postino_session *s, char *buffer, size_t size)
{
    char narrow[2]; /* where the caller's is too narrow for an octet that becomes two */
    char *out = size == 1 ? narrow : buffer;
    size_t room = size == 1 ? sizeof narrow : size;
    s->not_yet = false;
    if (s->spilled) {
        buffer[0] = s->pending;
        s->spilled = false;
        return 1;
    }
    struct expansion e = {out + room - room / 2, NULL, out};
    e.end = e.in + postino_content_source(s, out + room - room / 2, room / 2);
    expand(s, &e);
    size_t length = (size_t)(e.out - out);
    if (size == 1) {
        buffer[0] = narrow[0];
        s->pending = narrow[1];
        s->spilled = length > 1;
        length = length != 0;
    }
    return s->closed ? 0 : length;
}
