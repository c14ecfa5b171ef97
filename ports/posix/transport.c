/* A stream socket as a transport. */
#include "internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct postino_posix *posix_of(struct postino_transport *transport)
{
    return (struct postino_posix *)transport;
}

/* Where nobody was there to take what went with the SYN, the next attempt asks first. Only a SYN is refused like that:
 * other errors also come where the server had it all. */
static ptrdiff_t moved(struct postino_posix *posix, ptrdiff_t count)
{
    if (count > 0)
        return count;
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINPROGRESS))
        return 0;
    if (posix->fast_open && count < 0 && errno == ECONNREFUSED) {
        posix->transport.unconnected = true;
        posix->fast_open = false;
    }
    return POSTINO_TRANSPORT_LOST;
}

/* The SYN goes alone: there is nothing to say before something was heard. */
static void finish_opening(struct postino_posix *posix)
{
    if (posix->opening)
        send(posix->fd, "", 0, MSG_NOSIGNAL);
    posix->opening = false;
}

static ptrdiff_t read_some(struct postino_transport *transport, void *buffer, size_t size)
{
    ptrdiff_t count;
    finish_opening(posix_of(transport));
    do
        count = recv(posix_of(transport)->fd, buffer, size, 0);
    while (count < 0 && errno == EINTR);
    return moved(posix_of(transport), count);
}

static ptrdiff_t write_some(struct postino_transport *transport, const void *octets, size_t length)
{
    ptrdiff_t count;
    do
        count = send(posix_of(transport)->fd, octets, length, MSG_NOSIGNAL);
    while (count < 0 && errno == EINTR);
    posix_of(transport)->opening = false;
    return moved(posix_of(transport), count);
}

/* Postfix says EHLO's reply only when its session tickets are acknowledged, which a kernel delays by 40 ms. */
void postino_posix_hurry(struct postino_posix *posix)
{
#ifdef TCP_QUICKACK
    int on = 1;
    setsockopt(posix->fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
#else
    (void)posix;
#endif
}

static void close_all(struct postino_transport *transport)
{
    struct postino_posix *posix = posix_of(transport);
    postino_posix_stop_connecting(posix);
    if (posix->fd >= 0)
        close(posix->fd);
    posix->fd = -1;
    transport->unconnected = false;
}

static uint64_t now_ms(struct postino_transport *transport)
{
    (void)transport;
    return postino_posix_now_ms();
}

static bool wait_until(struct postino_transport *transport, bool writing, uint64_t until_ms)
{
    struct postino_posix *posix = posix_of(transport);
    struct pollfd fds[POSTINO_POSIX_POLL_MAX + 1];
    int count = postino_posix_poll(posix, writing, fds);
    fds[count] = (struct pollfd){.fd = posix->cancel_fd, .events = POLLIN};
    int ready = poll(fds, (nfds_t)count + 1, postino_posix_poll_ms(posix, until_ms));
    return !(ready > 0 && fds[count].revents);
}

/* 5321 4.1.3 and 4.1.4: a name that means something to the server, else the address that it sees. */
static const char *name_of_end(struct postino_transport *transport)
{
    struct postino_posix *posix = posix_of(transport);
    struct sockaddr_storage end;
    socklen_t length = sizeof end;
    char text[INET6_ADDRSTRLEN];
    char *name = posix->end_name;
    if (gethostname(name, sizeof posix->end_name) == 0 && memchr(name, '\0', sizeof posix->end_name) &&
        strchr(name, '.') && postino_name_valid(name))
        return name;
    if (getsockname(posix->fd, (struct sockaddr *)&end, &length) != 0)
        end.ss_family = AF_UNIX;
    if (end.ss_family == AF_INET) {
        inet_ntop(AF_INET, &((struct sockaddr_in *)&end)->sin_addr, text, sizeof text);
        snprintf(name, sizeof posix->end_name, "[%s]", text);
    } else if (end.ss_family == AF_INET6) {
        inet_ntop(AF_INET6, &((struct sockaddr_in6 *)&end)->sin6_addr, text, sizeof text);
        snprintf(name, sizeof posix->end_name, "[IPv6:%s]", text);
    } else {
        snprintf(name, sizeof posix->end_name, "[127.0.0.1]"); /* a Unix socket: this machine */
    }
    return name;
}

void postino_posix_init(struct postino_posix *posix, const struct postino_url *url)
{
    memset(posix, 0, sizeof *posix);
    posix->transport = (struct postino_transport){
        .connect = postino_posix_connect,
        .read = read_some,
        .write = write_some,
        .close = close_all,
        .wait = wait_until,
        .now_ms = now_ms,
        .name = name_of_end,
    };
    posix->url = url;
    posix->fd = -1;
    posix->cancel_fd = -1;
}
