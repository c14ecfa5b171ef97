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
    struct postino_session *session;
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

/* Octets in front of the first CR or LF. */
static size_t line_length(const char *octets, size_t length)
{
    const char *lf = memchr(octets, '\n', length);
    if (lf)
        length = (size_t)(lf - octets);
    const char *cr = memchr(octets, '\r', length);
    return cr ? (size_t)(cr - octets) : length;
}

/* Octets without a line end in them. */
static bool line_octets(struct expansion *e, const char *octets, size_t length)
{
    struct postino_session *s = e->session;
    unsigned char bits = 0;
    bool nul = false;
    for (size_t i = 0; i < length; i++) {
        bits |= (unsigned char)octets[i];
        nul |= octets[i] == '\0';
    }
    enum postino_reason reason = POSTINO_REASON_REPLY;
    if (nul)
        reason = POSTINO_REASON_NUL;
    else if (s->column + length > LINE_MAX_OCTETS)
        reason = POSTINO_REASON_LONG_LINE;
    else if (bits > 0x7F && !(s->offers & POSTINO_OFFERS_8BITMIME))
        reason = POSTINO_REASON_8BIT;
    if (reason && !(s->config->lenient && s->config->lenient->bears(reason))) {
        give_up(s, reason);
        return false;
    }
    if (s->column == 0 && *octets == '.' && !s->chunks)
        *e->out++ = '.';
    memmove(e->out, octets, length);
    e->out += length;
    s->column += (uint32_t)length;
    return true;
}

static void expand(struct expansion *e, const char *in, size_t size)
{
    struct postino_session *s = e->session;
    const char *end = in + size;
    while (in < end) {
        in += s->read_cr && *in == '\n'; /* the line has ended with its CR */
        /* A line that is not over within the limit is refused; so no octet is looked at twice, whatever the input. */
        size_t window = (size_t)(end - in);
        if (window > LINE_MAX_OCTETS + 1)
            window = LINE_MAX_OCTETS + 1;
        size_t length = line_length(in, window);
        if (length && !line_octets(e, in, length))
            return;
        in += length;
        s->read_cr = false;
        if (length < window) {
            s->read_cr = *in++ == '\r';
            *e->out++ = '\r';
            *e->out++ = '\n';
            s->column = 0;
        }
    }
}

/* Reads up to `room` octets; returns how many, and notes how the source ended. */
static size_t read_source(struct postino_session *s, char *buffer, size_t room)
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
    struct expansion e = {s, out};
    s->not_yet = false;
    if (s->spilled) {
        buffer[0] = s->pending;
        s->spilled = false;
        return 1;
    }
    expand(&e, out + room - room / 2, read_source(s, out + room - room / 2, room / 2));
    size_t length = (size_t)(e.out - out);
    if (size == 1) {
        buffer[0] = narrow[0];
        s->pending = narrow[1];
        s->spilled = length > 1;
        length = length != 0;
    }
    return s->closed ? 0 : length;
}
