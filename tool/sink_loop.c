#define _GNU_SOURCE
#include "sink_server.h"

#include <limits.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <time.h>

#define SINK_EVENTS 128

uint64_t postino_sink_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static uint64_t sink_earlier(uint64_t one, uint64_t other)
{
    return other == 0 || (one != 0 && one < other) ? one : other;
}

/* Serves what is due. Returns when the next is; 0 where there is none. */
static uint64_t sink_timers(struct postino_sink *sink, uint64_t now)
{
    struct postino_sink_peer *peer = sink->peers, *next;
    uint64_t due = 0;

    for (; peer; peer = next) {
        uint64_t at = sink_earlier(peer->hold_until_ms, peer->piece_after_ms);

        next = peer->next;
        if (at != 0 && at <= now)
            postino_sink_peer_run(peer, false);
    }
    if (sink->accept_at_ms && sink->accept_at_ms <= now)
        postino_sink_accept_again(sink);
    for (peer = sink->peers; peer; peer = peer->next)
        due = sink_earlier(due, sink_earlier(peer->hold_until_ms, peer->piece_after_ms));
    return sink_earlier(due, sink->accept_at_ms);
}

static int sink_timeout(struct postino_sink *sink)
{
    uint64_t now, due;

    if (!sink->timed)
        return -1;
    now = postino_sink_now_ms();
    due = sink_timers(sink, now);
    sink->timed = due != 0;
    if (due == 0)
        return -1;
    if (due <= now)
        return 0;
    return due - now > INT_MAX ? INT_MAX : (int)(due - now);
}

/* Returns false where a signal asks for the end. */
static bool sink_dispatch(struct postino_sink *sink, const struct epoll_event *event)
{
    const enum postino_sink_kind *kind = event->data.ptr;
    struct postino_sink_peer *peer = event->data.ptr;
    uint32_t gone = EPOLLERR | EPOLLHUP;

    switch (*kind) {
    case SINK_SIGNAL:
        return false;
    case SINK_LISTENER:
        postino_sink_accept(sink, event->data.ptr);
        return true;
    case SINK_PEER:
        /* One that reads finds the end by reading. The others would never. */
        if (peer->stopped)
            gone |= EPOLLRDHUP;
        if ((event->events & gone) && !(peer->interest & EPOLLIN))
            peer->dead = true;
        postino_sink_peer_run(peer, (event->events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0);
        return true;
    }
    return true;
}

static bool sink_mails_open(const struct postino_sink *sink)
{
    const struct postino_sink_peer *peer = sink->peers;

    while (peer && peer->mails == 0)
        peer = peer->next;
    return peer != NULL;
}

bool postino_sink_signals(struct postino_sink *sink)
{
    static const enum postino_sink_kind kind = SINK_SIGNAL;
    struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = (void *)(uintptr_t)&kind}};
    sigset_t signals;

    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    sink->signals = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
    return sink->signals >= 0 && epoll_ctl(sink->epoll, EPOLL_CTL_ADD, sink->signals, &event) == 0;
}

void postino_sink_loop(struct postino_sink *sink)
{
    struct epoll_event events[SINK_EVENTS];
    bool going = true;

    while (going) {
        int timeout = sink_timeout(sink);
        int count = epoll_wait(sink->epoll, events, SINK_EVENTS, timeout);

        for (int i = 0; i < count; i++)
            going &= sink_dispatch(sink, &events[i]);
        if (!sink->ending)
            continue;
        postino_sink_listeners_close(sink);
        going &= sink_mails_open(sink);
    }
}
