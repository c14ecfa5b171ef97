#define _GNU_SOURCE
#include "sink_server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Pieces of --split leave this far apart, so that they arrive apart. */
#define SINK_PIECE_MS 1

/* Writes one whole line to standard error, so that nothing in it reaches a terminal as it is. */
void postino_sink_trace(const struct postino_sink_peer *peer, char who, const char *text, size_t length)
{
    static const char digits[] = "0123456789abcdef";
    char line[4 * 256 + 64];
    size_t at = (size_t)snprintf(line, sizeof line, "[%llu] %c: ", (unsigned long long)peer->number, who);

    for (size_t i = 0; i < length; i++) {
        unsigned char octet = (unsigned char)text[i];

        if (octet >= ' ' && octet < 127 && octet != '\\') {
            line[at++] = (char)octet;
        } else if (octet == '\\') {
            line[at++] = '\\';
            line[at++] = '\\';
        } else {
            line[at++] = '\\';
            line[at++] = 'x';
            line[at++] = digits[octet >> 4];
            line[at++] = digits[octet & 15];
        }
        if (at > sizeof line - 8) {
            fwrite(line, 1, at, stderr);
            at = 0;
        }
    }
    line[at++] = '\n';
    fwrite(line, 1, at, stderr);
}

void postino_sink_trace_content(const struct postino_sink_peer *peer, uint64_t octets)
{
    char line[64];
    int length = snprintf(line, sizeof line, "(%llu octets of content)", (unsigned long long)octets);

    if (peer->sink->trace)
        postino_sink_trace(peer, 'C', line, (size_t)length);
}

/* A line end other than CR LF is shown. */
static void sink_trace_reply(const struct postino_sink_peer *peer, const char *text, size_t length)
{
    while (length > 0) {
        const char *end = memchr(text, '\n', length);
        size_t used = end ? (size_t)(end - text) + 1 : length;
        bool whole = used >= 2 && text[used - 2] == '\r' && text[used - 1] == '\n';

        postino_sink_trace(peer, 'S', text, whole ? used - 2 : used);
        text += used;
        length -= used;
    }
}

/* The batch has room for any one reply above its limit; whoever appends more asks for the limit before each. */
void postino_sink_append(struct postino_sink_peer *peer, const char *text, size_t length)
{
    struct postino_sink *sink = peer->sink;

    if (peer->muted)
        return;
    memcpy(sink->batch + sink->batch_length, text, length);
    sink->batch_length += length;
    if (sink->trace)
        sink_trace_reply(peer, text, length);
}

static bool sink_keep(struct postino_sink_peer *peer, const char *text, size_t length)
{
    size_t needed = peer->output_length + length;

    if (needed > peer->output_size) {
        char *larger = realloc(peer->output, needed);

        if (!larger)
            return false;
        peer->output = larger;
        peer->output_size = needed;
    }
    memcpy(peer->output + peer->output_length, text, length);
    peer->output_length = needed;
    return true;
}

/* Octets sent; 0 where the client does not read or the connection is dead. */
static size_t sink_write(struct postino_sink_peer *peer, const char *text, size_t length)
{
    ssize_t sent;

    do
        sent = peer->tls ? postino_sink_tls_send(peer, text, length)
                         : send(peer->fd, text, length, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (sent < 0 && errno == EINTR);
    if (sent >= 0)
        return (size_t)sent;
    if (errno != EAGAIN && errno != EWOULDBLOCK)
        peer->dead = true;
    return 0;
}

/* Sends the batch with one call. What the client does not take stays with its connection, which is then served no
 * further until it has taken it: so no queue is longer than a batch. */
void postino_sink_flush(struct postino_sink_peer *peer)
{
    struct postino_sink *sink = peer->sink;
    size_t sent = 0;

    if (sink->batch_length == 0)
        return;
    if (!sink->split && peer->output_length == 0)
        sent = sink_write(peer, sink->batch, sink->batch_length);
    if (!peer->dead && sent < sink->batch_length && !sink_keep(peer, sink->batch + sent, sink->batch_length - sent))
        peer->dead = true;
    sink->batch_length = 0;
    if (sink->split)
        postino_sink_send(peer);
}

/* Sends what was kept: all of it, or one piece of --split whose time has come. */
void postino_sink_send(struct postino_sink_peer *peer)
{
    struct postino_sink *sink = peer->sink;
    size_t length = peer->output_length - peer->output_at;

    if (length == 0 || peer->dead || peer->piece_after_ms > postino_sink_now_ms())
        return;
    peer->piece_after_ms = 0;
    if (sink->split && length > sink->split)
        length = sink->split;
    peer->output_at += sink_write(peer, peer->output + peer->output_at, length);
    if (peer->output_at < peer->output_length) {
        peer->piece_after_ms = sink->split ? postino_sink_now_ms() + SINK_PIECE_MS : 0;
        sink->timed |= sink->split != 0;
        return;
    }
    free(peer->output);
    peer->output = NULL;
    peer->output_at = peer->output_length = peer->output_size = 0;
}
