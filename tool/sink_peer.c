/* A connection: what wakes it, what it reads, and when it is served no further. */
#define _GNU_SOURCE
#include "sink_server.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* How long a client may take to close behind our FIN. Closing at once could reset the connection and with it lose the
 * last reply. */
#define SINK_DRAIN_MS 2000

static bool sink_halted(const struct postino_sink_peer *peer)
{
    return peer->holding || peer->stopped || peer->closing || peer->dead || peer->output_length > 0;
}

/* One step of what was read. Octets used; `*more` is false where there is nothing to do without further input. */
static size_t sink_step(struct postino_sink_peer *peer, const char *text, size_t length, bool *more)
{
    size_t used = 0;

    *more = true;
    switch (peer->phase) {
    case SINK_COMMAND:
    case SINK_AUTH_LINE:
        used = length > 0 ? postino_sink_command(peer, text, length) : 0;
        *more = used > 0;
        break;
    case SINK_DATA:
        used = length > 0 ? postino_sink_content(peer, text, length) : 0;
        *more = used > 0;
        break;
    case SINK_CHUNK:
        *more = length > 0 || peer->chunk_left == 0;
        used = *more ? postino_sink_content(peer, text, length) : 0;
        break;
    case SINK_FINAL:
        postino_sink_final_next(peer);
        break;
    case SINK_HANDSHAKE:
        *more = postino_sink_tls_handshake(peer);
        break;
    case SINK_DRAIN:
        *more = false;
        break;
    }
    return used;
}

static size_t sink_process(struct postino_sink_peer *peer, const char *text, size_t length)
{
    size_t used = 0;
    bool more = true;

    while (more && !sink_halted(peer)) {
        used += sink_step(peer, text + used, length - used, &more);
        if (peer->sink->batch_length >= SINK_BATCH_LIMIT)
            postino_sink_flush(peer);
    }
    postino_sink_flush(peer);
    return used;
}

static bool sink_keep_input(struct postino_sink_peer *peer, const char *text, size_t length)
{
    if (length > peer->input_size) {
        char *larger = malloc(length);

        if (!larger)
            return false;
        free(peer->input);
        peer->input = larger;
        peer->input_size = length;
    }
    if (length > 0)
        memcpy(peer->input, text, length);
    peer->input_length = length;
    return true;
}

/* What comes behind our end is not even decrypted. */
static ssize_t sink_read(struct postino_sink_peer *peer, char *buffer)
{
    if (peer->tls && peer->phase != SINK_DRAIN)
        return postino_sink_tls_receive(peer, buffer, SINK_READ_SIZE);
    return recv(peer->fd, buffer, SINK_READ_SIZE, MSG_DONTWAIT);
}

/* Octets read; `*end` where no more will come. */
static size_t sink_receive(struct postino_sink_peer *peer, char *buffer, bool *end)
{
    ssize_t received;

    do
        received = sink_read(peer, buffer);
    while (received < 0 && errno == EINTR);
    if (received == 0 || (peer->tls && postino_sink_tls_ended(peer)))
        *end = true;
    if (received >= 0)
        return (size_t)received;
    if (errno != EAGAIN && errno != EWOULDBLOCK)
        peer->dead = true;
    return 0;
}

/* Where the connection is halted in what it had sent before it ended, the end is read once more later. Over TLS, what
 * woke it may be the room to write that reading waited for. */
static void sink_serve(struct postino_sink_peer *peer, bool readable)
{
    char *buffer = peer->sink->read_buffer;
    size_t length = peer->input_length, used;
    bool end = false;

    if (length > 0)
        memcpy(buffer, peer->input, length);
    if ((readable || peer->tls) && length < SINK_AUTH_LINE_SIZE && peer->phase != SINK_HANDSHAKE)
        length += sink_receive(peer, buffer + length, &end);
    used = sink_process(peer, buffer, length);
    if (!sink_keep_input(peer, buffer + used, length - used) || (end && !sink_halted(peer)))
        peer->dead = true;
}

static void sink_drain(struct postino_sink_peer *peer, bool readable)
{
    bool end = false;

    if (readable)
        sink_receive(peer, peer->sink->read_buffer, &end);
    peer->dead |= end || postino_sink_now_ms() >= peer->hold_until_ms;
}

static uint32_t sink_interest(const struct postino_sink_peer *peer)
{
    uint32_t interest = 0;

    if (peer->stopped)
        interest |= EPOLLRDHUP;
    if (peer->output_length > 0)
        return interest | (peer->piece_after_ms ? 0u : (uint32_t)EPOLLOUT);
    if (peer->holding || peer->stopped)
        return interest;
    return peer->tls && postino_sink_tls_writes(peer) ? (uint32_t)EPOLLOUT : (uint32_t)EPOLLIN;
}

/* Closes it, begins to close it, or says what it waits for. */
static void sink_settle(struct postino_sink_peer *peer)
{
    struct epoll_event event;

    if (peer->closing && !peer->dead && !peer->holding && peer->output_length == 0 && peer->phase != SINK_DRAIN &&
        postino_sink_tls_part(peer)) {
        shutdown(peer->fd, SHUT_WR);
        peer->phase = SINK_DRAIN;
        peer->hold_until_ms = postino_sink_now_ms() + SINK_DRAIN_MS;
        peer->sink->timed = true;
    }
    if (peer->dead) {
        postino_sink_peer_close(peer);
        return;
    }
    event.events = sink_interest(peer);
    event.data.ptr = peer;
    if (event.events == peer->interest)
        return;
    peer->interest = event.events;
    if (epoll_ctl(peer->sink->epoll, EPOLL_CTL_MOD, peer->fd, &event) != 0)
        postino_sink_peer_close(peer);
}

/* The one way into a connection: it has become readable or writable, or a timer of it has run out. May free it. */
void postino_sink_peer_run(struct postino_sink_peer *peer, bool readable)
{
    postino_sink_send(peer);
    if (peer->phase == SINK_DRAIN) {
        sink_drain(peer, readable);
        sink_settle(peer);
        return;
    }
    if (peer->holding && postino_sink_now_ms() >= peer->hold_until_ms)
        postino_sink_give_held(peer);
    if (sink_halted(peer))
        postino_sink_flush(peer);
    else
        sink_serve(peer, readable);
    sink_settle(peer);
}

void postino_sink_peer_close(struct postino_sink_peer *peer)
{
    struct postino_sink *sink = peer->sink;

    postino_sink_mail_reset(peer);
    if (peer->phase != SINK_DRAIN)
        postino_sink_tls_part(peer);
    postino_sink_tls_free(peer);
    postino_sink_auth_forget(peer);
    close(peer->fd);
    if (peer->previous)
        peer->previous->next = peer->next;
    else
        sink->peers = peer->next;
    if (peer->next)
        peer->next->previous = peer->previous;
    sink->peer_count--;
    free(peer->seen);
    free(peer->input);
    free(peer->output);
    free(peer->envelope);
    free(peer);
    if (sink->accept_at_ms)
        postino_sink_accept_again(sink);
}

static struct postino_sink_peer *sink_peer_new(struct postino_sink *sink, int fd)
{
    struct postino_sink_peer *peer = calloc(1, sizeof *peer);

    if (!peer)
        return NULL;
    peer->seen = sink->fault_count ? calloc(sink->fault_count, sizeof *peer->seen) : NULL;
    if (sink->fault_count && !peer->seen) {
        free(peer);
        return NULL;
    }
    peer->kind = SINK_PEER;
    peer->fd = fd;
    peer->file = -1;
    peer->sink = sink;
    peer->number = ++sink->connections;
    peer->next = sink->peers;
    if (peer->next)
        peer->next->previous = peer;
    sink->peers = peer;
    sink->peer_count++;
    return peer;
}

/* Takes over `fd` and greets, behind the handshake where there is to be one. */
void postino_sink_peer_accept(struct postino_sink *sink, int fd, bool tls)
{
    struct postino_sink_peer *peer = sink_peer_new(sink, fd);
    struct epoll_event event;
    int on = 1;

    if (!peer) {
        close(fd);
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* fails on Unix sockets, which need it not */
    peer->interest = event.events = EPOLLIN;
    event.data.ptr = peer;
    if (epoll_ctl(sink->epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
        postino_sink_peer_close(peer);
        return;
    }
    if (!tls)
        postino_sink_greet(peer);
    else if (!postino_sink_tls_begin(peer, true))
        peer->dead = true;
    postino_sink_flush(peer);
    sink_settle(peer);
}
