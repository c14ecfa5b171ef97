/*
 * Content as DATA sends it: line ends normalised first (every CR LF, lone CR and lone LF becomes one CR LF), dots
 * stuffed second (5321 4.5.2), so that no input can write a terminator.
 *
 * Expansion happens in the caller's buffer. An octet becomes two at most, so half the room is read to the far end of
 * the room and expanded forward: the octets written never reach those that are still to be read.
 */
#include "internal.h"

/* The mail ends here: the connection goes without the terminator, so that nothing half-sent is delivered. Chunks do
 * without that. */
static void give_up(struct postino_session *s, enum postino_reason reason)
{
    struct postino_mail *mail = s->spoken.mail;
    mail->is.failed = (uint8_t)reason;
    if (s->chunks)
        return;
    postino_flow_fail(s, reason);
    postino_result_set(s, &mail->result, postino_content_verdict(reason), reason);
    mail->is.doomed = true;
}

/* Why the octet may not stand there, so many octets behind the start of its line; POSTINO_REASON_REPLY: it may. */
static enum postino_reason unfit(const struct postino_session *s, unsigned char octet, size_t column)
{
    enum postino_reason reason;
    if (octet == '\0')
        reason = POSTINO_REASON_NUL;
    else if (column >= POSTINO_CONTENT_LINE_MAX)
        reason = POSTINO_REASON_LONG_LINE;
    else if (octet < 128 || s->offers & POSTINO_OFFERS_8BITMIME)
        return POSTINO_REASON_REPLY;
    else
        reason = POSTINO_REASON_8BIT;
    return s->config->lenient && s->config->lenient->bears(reason) ? POSTINO_REASON_REPLY : reason;
}

/* All of it; where there is somebody quicker, an octet of it. */
static void expand(struct postino_session *s, struct postino_expansion *e)
{
    const char *in = e->in, *const stop = s->config->quick ? in + 1 : e->end;
    char *out = e->out;
    uint32_t column = s->column;
    while (in < stop) {
        const unsigned char octet = (unsigned char)*in++;
        const bool behind_cr = s->read_cr, cr = octet == '\r';
        s->read_cr = cr;
        if (octet == '\n' && behind_cr) /* the line has ended with its CR */
            continue;
        if (octet == '\n' || cr) {
            column = 0;
            *out++ = '\r';
            *out++ = '\n';
            continue;
        }
        if (octet == '.' && column == 0 && !s->chunks)
            *out++ = '.';
        enum postino_reason reason = unfit(s, octet, column++);
        if (reason) {
            in = e->end;
            give_up(s, reason);
        } else {
            *out++ = (char)octet;
        }
    }
    s->column = column;
    e->in = in;
    e->out = out;
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
    struct postino_expansion e = {out + room - room / 2, NULL, out};
    e.end = e.in + postino_content_source(s, out + room - room / 2, room / 2);
    while (e.in < e.end) {
        if (s->config->quick)
            s->config->quick->expand(s, &e);
        if (e.in < e.end)
            expand(s, &e);
    }
    size_t length = (size_t)(e.out - out);
    if (size == 1) {
        buffer[0] = narrow[0];
        s->pending = narrow[1];
        s->spilled = length > 1;
        length = length != 0;
    }
    return s->closed ? 0 : length;
}
