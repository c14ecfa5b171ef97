/* From a host to addresses, in the order in which they are tried (8305 4). */
#include "internal.h"

#include <ares.h>
#include <arpa/inet.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>

/* Not a status of c-ares: the answer is still out. */
enum {
    PENDING = -1
};

static void add(struct postino_posix *posix, const struct sockaddr *any)
{
    if (posix->address_count == POSTINO_POSIX_ADDRESSES_MAX)
        return;
    struct postino_posix_address *address = &posix->addresses[posix->address_count++];
    address->fd = -1;
    if (any->sa_family == AF_INET)
        memcpy(&address->as.v4, any, sizeof address->as.v4);
    else
        memcpy(&address->as.v6, any, sizeof address->as.v6);
}

static void add_v4(struct postino_posix *posix, const void *octets)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(posix->url->port)};
    memcpy(&v4.sin_addr, octets, sizeof v4.sin_addr);
    add(posix, (struct sockaddr *)&v4);
}

static void add_v6(struct postino_posix *posix, const void *octets)
{
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(posix->url->port)};
    memcpy(&v6.sin6_addr, octets, sizeof v6.sin6_addr);
    add(posix, (struct sockaddr *)&v6);
}

/* 8305 4: the families take turns, beginning with that of the best address. */
static void add_in_turns(struct postino_posix *posix, const struct ares_addrinfo_node *best)
{
    const struct ares_addrinfo_node *turn[2] = {best, best};
    int family[2] = {best->ai_family, best->ai_family == AF_INET6 ? AF_INET : AF_INET6};
    for (int i = 0; turn[0] || turn[1]; i = !i) {
        while (turn[i] && turn[i]->ai_family != family[i])
            turn[i] = turn[i]->ai_next;
        if (!turn[i])
            continue;
        add(posix, turn[i]->ai_addr);
        turn[i] = turn[i]->ai_next;
    }
}

static void answered(void *context, int status, int timeouts, struct ares_addrinfo *result)
{
    struct postino_posix *posix = context;
    (void)timeouts;
    posix->resolver_status = status;
    if (status == ARES_SUCCESS && result->nodes)
        add_in_turns(posix, result->nodes);
    if (result)
        ares_freeaddrinfo(result);
}

static void ask(struct postino_posix *posix)
{
    struct ares_options options = {.timeout = 3000, .tries = 3};
    struct ares_addrinfo_hints hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = ARES_AI_NUMERICSERV};
    ares_channel channel;
    char port[8];
    int digits = 0;
    for (unsigned rest = posix->url->port, unit = 10000; unit; rest %= unit, unit /= 10)
        port[digits++] = (char)('0' + (int)(rest / unit));
    port[digits] = '\0';
    posix->resolver_status = ares_init_options(&channel, &options, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES);
    if (posix->resolver_status != ARES_SUCCESS)
        return;
    posix->resolver = channel;
    posix->resolver_status = PENDING;
    ares_getaddrinfo(channel, posix->url->host, port, &hints, answered, posix);
}

/* Addresses that need no question: numbers, and localhost (6761 6.3). Returns whether there were any. */
static bool add_known(struct postino_posix *posix)
{
    static const unsigned char loopback[] = {127, 0, 0, 1};
    struct in_addr v4;
    struct in6_addr v6;
    if (inet_pton(AF_INET, posix->url->host, &v4) == 1) {
        add_v4(posix, &v4);
    } else if (inet_pton(AF_INET6, posix->url->host, &v6) == 1) {
        add_v6(posix, &v6);
    } else if (strcmp(posix->url->host, "localhost") == 0) {
        add_v6(posix, &in6addr_loopback);
        add_v4(posix, loopback);
    }
    return posix->address_count > 0;
}

int postino_posix_resolve(struct postino_posix *posix)
{
    if (!posix->resolver) {
        if (add_known(posix))
            return 1;
        ask(posix);
    } else {
        struct pollfd fds[ARES_GETSOCK_MAXNUM];
        int count = postino_posix_resolver_poll(posix, fds, ARES_GETSOCK_MAXNUM);
        poll(fds, (nfds_t)count, 0);
        ares_process_fd(posix->resolver, ARES_SOCKET_BAD, ARES_SOCKET_BAD); /* its own time-outs */
        for (int i = 0; i < count; i++)
            ares_process_fd(posix->resolver,
                            fds[i].revents & (POLLIN | POLLERR | POLLHUP) ? fds[i].fd : ARES_SOCKET_BAD,
                            fds[i].revents & POLLOUT ? fds[i].fd : ARES_SOCKET_BAD);
    }
    if (posix->resolver_status == PENDING)
        return 0;
    return posix->address_count ? 1 : -1;
}

void postino_posix_stop_resolving(struct postino_posix *posix)
{
    if (posix->resolver) {
        int status = posix->resolver_status;
        ares_destroy(posix->resolver);
        posix->resolver_status = status;
    }
    posix->resolver = NULL;
}

int postino_posix_resolver_poll(struct postino_posix *posix, struct pollfd *fds, int size)
{
    ares_socket_t sockets[ARES_GETSOCK_MAXNUM];
    int count = 0;
    if (!posix->resolver)
        return 0;
    int bits = ares_getsock(posix->resolver, sockets, ARES_GETSOCK_MAXNUM);
    for (int i = 0; i < ARES_GETSOCK_MAXNUM && count < size; i++) {
        short events =
            (short)((ARES_GETSOCK_READABLE(bits, i) ? POLLIN : 0) | (ARES_GETSOCK_WRITABLE(bits, i) ? POLLOUT : 0));
        if (events)
            fds[count++] = (struct pollfd){.fd = sockets[i], .events = events};
    }
    return count;
}

uint64_t postino_posix_resolver_wake_ms(struct postino_posix *posix, uint64_t until_ms)
{
    struct timeval left;
    if (!posix->resolver || !ares_timeout(posix->resolver, NULL, &left))
        return until_ms;
    uint64_t wake = postino_posix_now_ms() + (uint64_t)left.tv_sec * 1000u + (uint64_t)left.tv_usec / 1000u + 1;
    return wake < until_ms ? wake : until_ms;
}

const char *postino_posix_resolver_problem(const struct postino_posix *posix)
{
    if (posix->resolver_status == PENDING)
        return "no answer from the name servers";
    if (posix->resolver_status == ARES_ENOTFOUND || posix->resolver_status == ARES_ENODATA)
        return "no such host";
    return posix->resolver_status == ARES_SUCCESS ? NULL : ares_strerror(posix->resolver_status);
}
