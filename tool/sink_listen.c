#define _GNU_SOURCE
#include "sink_server.h"

#include <ctype.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#define SINK_ACCEPTS_AT_ONCE 64
#define SINK_ACCEPT_AGAIN_MS 100

static int sink_wrong(const struct postino_sink_listener *listener, int code, const char *why)
{
    fprintf(stderr, "postino sink: --listen %s: %s\n", listener->address, why);
    return code;
}

/* Splits `host:port`, `[host]:port` or `port` in place. */
static bool sink_split(char *text, const char **host, const char **port)
{
    char *colon = strrchr(text, ':');

    *host = "127.0.0.1";
    *port = text;
    if (colon) {
        *colon = '\0';
        *host = text;
        *port = colon + 1;
        if (text[0] == '[' && colon - text > 2 && colon[-1] == ']') {
            colon[-1] = '\0';
            *host = text + 1;
        } else if (strchr(text, ':')) {
            return false;
        }
    }
    return **host && **port && strspn(*port, "0123456789") == strlen(*port) && strtoul(*port, NULL, 10) <= 65535;
}

static int sink_bind(struct postino_sink_listener *listener, const struct sockaddr *address, socklen_t size)
{
    int on = 1, waiting = SOMAXCONN;

    listener->fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener->fd < 0)
        return -1;
    if (address->sa_family != AF_UNIX)
        setsockopt(listener->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (address->sa_family != AF_UNIX) /* RFC 7413, where the system allows that */
        setsockopt(listener->fd, IPPROTO_TCP, TCP_FASTOPEN, &waiting, sizeof waiting);
    if (address->sa_family == AF_INET6)
        setsockopt(listener->fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    return bind(listener->fd, address, size) == 0 && listen(listener->fd, SOMAXCONN) == 0 ? 0 : -1;
}

static int sink_listen_tcp(struct postino_sink_listener *listener)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *found;
    char text[256], shown[INET6_ADDRSTRLEN], service[16];
    struct sockaddr_storage bound;
    socklen_t size = sizeof bound;
    const char *host, *port;
    int wrong;

    if ((size_t)snprintf(text, sizeof text, "%s", listener->address + (listener->tls ? 4 : 0)) >= sizeof text ||
        !sink_split(text, &host, &port))
        return sink_wrong(listener, EX_USAGE,
                          "give HOST:PORT, [IPV6]:PORT, PORT, tls: and one of these, or unix:/PATH");
    wrong = getaddrinfo(host, port, &hints, &found);
    if (wrong)
        return sink_wrong(listener, EX_USAGE, gai_strerror(wrong));
    wrong = sink_bind(listener, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    if (wrong)
        return sink_wrong(listener, EX_OSERR, strerror(errno));
    getsockname(listener->fd, (struct sockaddr *)&bound, &size);
    if (getnameinfo((struct sockaddr *)&bound, size, shown, sizeof shown, service, sizeof service,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return sink_wrong(listener, EX_OSERR, "its name cannot be shown");
    printf(bound.ss_family == AF_INET6 ? "listening on %s[%s]:%s\n" : "listening on %s%s:%s\n",
           listener->tls ? "tls:" : "", shown, service);
    return 0;
}

/* Whether a socket lies there that no one serves any more. */
static bool sink_stale(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool stale =
        fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof *address) != 0 && errno == ECONNREFUSED;

    if (fd >= 0)
        close(fd);
    return stale;
}

static int sink_listen_unix(struct postino_sink_listener *listener)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *path = listener->address + 5;
    int wrong;

    if (*path == '\0' || strlen(path) >= sizeof address.sun_path)
        return sink_wrong(listener, EX_USAGE, "the path has to have 1 to 107 octets");
    memcpy(address.sun_path, path, strlen(path) + 1);
    wrong = sink_bind(listener, (struct sockaddr *)&address, sizeof address);
    if (wrong && errno == EADDRINUSE && sink_stale(&address)) {
        close(listener->fd);
        unlink(path);
        wrong = sink_bind(listener, (struct sockaddr *)&address, sizeof address);
    }
    if (wrong)
        return sink_wrong(listener, EX_OSERR, strerror(errno));
    listener->unix_path = path;
    printf("listening on unix:%s\n", path);
    return 0;
}

static int sink_watch(struct postino_sink *sink, struct postino_sink_listener *listener, int operation, bool accepts)
{
    struct epoll_event event = {.events = accepts ? EPOLLIN : 0, .data = {.ptr = listener}};

    return epoll_ctl(sink->epoll, operation, listener->fd, &event);
}

int postino_sink_listen(struct postino_sink *sink, struct postino_sink_listener *listener)
{
    bool local = strncmp(listener->address, "unix:", 5) == 0;
    int code = local ? sink_listen_unix(listener) : sink_listen_tcp(listener);

    if (code)
        return code;
    fflush(stdout);
    return sink_watch(sink, listener, EPOLL_CTL_ADD, true) == 0 ? 0 : sink_wrong(listener, EX_OSERR, strerror(errno));
}

/* Out of descriptors or memory: leaves the connections in the queue of the kernel for a moment. */
static void sink_accept_later(struct postino_sink *sink)
{
    for (size_t i = 0; i < sink->listener_count; i++)
        sink_watch(sink, &sink->listeners[i], EPOLL_CTL_MOD, false);
    sink->accept_at_ms = postino_sink_now_ms() + SINK_ACCEPT_AGAIN_MS;
    sink->timed = true;
}

void postino_sink_accept_again(struct postino_sink *sink)
{
    sink->accept_at_ms = 0;
    for (size_t i = 0; i < sink->listener_count; i++)
        sink_watch(sink, &sink->listeners[i], EPOLL_CTL_MOD, true);
}

void postino_sink_accept(struct postino_sink *sink, struct postino_sink_listener *listener)
{
    for (int i = 0; i < SINK_ACCEPTS_AT_ONCE; i++) {
        int fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd >= 0) {
            postino_sink_peer_accept(sink, fd, listener->tls);
            continue;
        }
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
            sink_accept_later(sink);
        if (errno != ECONNABORTED && errno != EINTR)
            return;
    }
}

void postino_sink_listeners_close(struct postino_sink *sink)
{
    for (size_t i = 0; i < sink->listener_count; i++) {
        if (sink->listeners[i].fd >= 0)
            close(sink->listeners[i].fd);
        if (sink->listeners[i].unix_path)
            unlink(sink->listeners[i].unix_path);
    }
    sink->listener_count = 0;
}
