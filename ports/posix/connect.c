/* Connecting: addresses in turns, each begun a quarter of a second behind the one before, or as soon as that one
 * failed; the first that stands is taken (8305 5). */
#include "internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    ATTEMPT_DELAY_MS = 250
};

/* Who has been there before has a cookie; then connecting waits for the first write, and so does the SYN. */
static void open_fast(int fd)
{
#ifdef TCP_FASTOPEN_CONNECT
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &on, sizeof on);
#else
    (void)fd;
#endif
}

/* Closed on exec, and never blocking. */
#ifdef SOCK_NONBLOCK
static int new_stream(int family)
{
    return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}
#else
static int new_stream(int family)
{
    int fd = socket(family, SOCK_STREAM, 0);
    if (fd >= 0) {
        fcntl(fd, F_SETFD, FD_CLOEXEC);
        fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    }
    return fd;
}
#endif

static int new_socket(int family)
{
    int on = 1, fd = new_stream(family);
    if (fd < 0)
        return -1;
    if (family != AF_UNIX)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

/* The address to connect from, where one is asked for. Returns whether the attempt may go on. */
static bool bind_local(const struct postino_posix *posix, int fd, int family)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    if (!posix->local_address)
        return true;
    if (family == AF_INET && inet_pton(AF_INET, posix->local_address, &v4.sin_addr) == 1)
        return bind(fd, (struct sockaddr *)&v4, sizeof v4) == 0;
    if (family == AF_INET6 && inet_pton(AF_INET6, posix->local_address, &v6.sin6_addr) == 1)
        return bind(fd, (struct sockaddr *)&v6, sizeof v6) == 0;
    errno = EADDRNOTAVAIL;
    return false;
}

/* Returns whether it is under way or done, which it may be where a signal came in between, too. */
static bool begin_connecting(int fd, const struct sockaddr *address, socklen_t length)
{
    int result;
    do
        result = connect(fd, address, length);
    while (result != 0 && errno == EINTR);
    return result == 0 || errno == EINPROGRESS || errno == EALREADY || errno == EISCONN;
}

static void begin_attempt(struct postino_posix *posix)
{
    struct postino_posix_address *address = &posix->addresses[posix->attempt_count++];
    int family = address->as.any.sa_family;
    socklen_t length = family == AF_INET ? sizeof address->as.v4 : sizeof address->as.v6;
    int fd = new_socket(family);
    if (fd >= 0 && posix->fast_open)
        open_fast(fd);
    posix->next_attempt_ms = postino_posix_now_ms() + ATTEMPT_DELAY_MS;
    if (fd >= 0 && bind_local(posix, fd, family) && begin_connecting(fd, &address->as.any, length)) {
        address->fd = fd;
        return;
    }
    posix->error = errno;
    posix->next_attempt_ms = 0;
    if (fd >= 0)
        close(fd);
}

/* Returns whether the attempt stands; one that failed is closed, and the next need not wait. */
static bool look_at(struct postino_posix *posix, struct postino_posix_address *address)
{
    struct pollfd ready = {.fd = address->fd, .events = POLLOUT};
    int error = 0;
    socklen_t length = sizeof error;
    if (address->fd < 0 || poll(&ready, 1, 0) <= 0)
        return false;
    if (getsockopt(address->fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0 && error == 0)
        return true;
    posix->error = error;
    posix->next_attempt_ms = 0;
    close(address->fd);
    address->fd = -1;
    return false;
}

/* Returns 1, 0 for not yet, or -1. */
static int race(struct postino_posix *posix)
{
    for (;;) {
        int running = 0;
        for (int i = 0; i < posix->attempt_count; i++) {
            struct postino_posix_address *address = &posix->addresses[i];
            if (look_at(posix, address)) {
                posix->fd = address->fd;
                posix->peer = address->as;
                posix->made++;
                posix->opening = posix->fast_open;
                address->fd = -1;
                return 1;
            }
            running += address->fd >= 0;
        }
        if (posix->attempt_count == posix->address_count)
            return running || posix->questions ? 0 : -1;
        if ((running || posix->attempt_count == 0) && postino_posix_now_ms() < posix->next_attempt_ms)
            return 0;
        begin_attempt(posix);
    }
}

static int connect_unix(struct postino_posix *posix)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(posix->url->path) >= sizeof address.sun_path) {
        posix->error = ENAMETOOLONG;
        return -1;
    }
    strcpy(address.sun_path, posix->url->path);
    posix->fd = new_socket(AF_UNIX);
    posix->made++;
    if (posix->fd >= 0 && begin_connecting(posix->fd, (struct sockaddr *)&address, sizeof address))
        return 1;
    posix->error = errno;
    return -1;
}

int postino_posix_connect(struct postino_transport *transport)
{
    struct postino_posix *posix = (struct postino_posix *)transport;
    if (*posix->url->path)
        return connect_unix(posix);
    if (!posix->addresses) {
        posix->addresses = calloc(POSTINO_POSIX_ADDRESSES_MAX, sizeof *posix->addresses);
        posix->address_count = posix->attempt_count = 0;
        posix->next_attempt_ms = 0;
        posix->error = 0;
        if (!posix->addresses) {
            posix->error = ENOMEM;
            return -1;
        }
    }
    int connected = postino_posix_resolve(posix);
    if (connected == 1)
        connected = race(posix);
    if (connected)
        postino_posix_stop_connecting(posix);
    return connected;
}

void postino_posix_stop_connecting(struct postino_posix *posix)
{
    postino_posix_stop_resolving(posix);
    for (int i = 0; posix->addresses && i < posix->attempt_count; i++)
        if (posix->addresses[i].fd >= 0)
            close(posix->addresses[i].fd);
    free(posix->addresses);
    posix->addresses = NULL;
    posix->address_count = posix->attempt_count = 0;
}

int postino_posix_poll(struct postino_posix *posix, bool writing, struct pollfd *fds)
{
    if (posix->fd >= 0) {
        int reading = posix->transport.blocked ? 0 : POLLIN;
        fds[0] = (struct pollfd){.fd = posix->fd, .events = (short)(reading | (writing ? POLLOUT : 0))};
        return 1;
    }
    int count = postino_posix_resolver_poll(posix, fds, POSTINO_POSIX_POLL_MAX);
    for (int i = 0; posix->addresses && i < posix->attempt_count && count < POSTINO_POSIX_POLL_MAX; i++)
        if (posix->addresses[i].fd >= 0)
            fds[count++] = (struct pollfd){.fd = posix->addresses[i].fd, .events = POLLOUT};
    return count;
}

int postino_posix_poll_ms(struct postino_posix *posix, uint64_t until_ms)
{
    enum {
        AT_MOST_MS = 3600000
    };
    uint64_t now = postino_posix_now_ms();
    if (posix->addresses) {
        if (posix->attempt_count < posix->address_count && posix->next_attempt_ms < until_ms)
            until_ms = posix->next_attempt_ms;
        until_ms = postino_posix_resolver_wake_ms(posix, until_ms);
    }
    if (until_ms <= now)
        return 0;
    return until_ms - now < AT_MOST_MS ? (int)(until_ms - now) : AT_MOST_MS;
}

const char *postino_posix_problem(const struct postino_posix *posix)
{
    const char *resolving = postino_posix_resolver_problem(posix);
    if (resolving)
        return resolving;
    return posix->error ? strerror(posix->error) : "no answer";
}
