/* From a host to addresses, in the order in which they are tried (8305 4). */
#include "internal.h"

#include <ares.h>
#include <arpa/inet.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/select.h>

enum {
    PENDING = -1, /* not a status of c-ares: no answer has come */
    RESOLUTION_DELAY_MS = 50
};

static void insert(struct postino_posix *posix, int at, const struct sockaddr *any)
{
    if (at >= POSTINO_POSIX_ADDRESSES_MAX)
        return;
    if (posix->address_count < POSTINO_POSIX_ADDRESSES_MAX)
        posix->address_count++;
    struct postino_posix_address *address = &posix->addresses[at];
    memmove(address + 1, address, (size_t)(posix->address_count - at - 1) * sizeof *address);
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
    insert(posix, posix->address_count, (struct sockaddr *)&v4);
}

static void add_v6(struct postino_posix *posix, const void *octets)
{
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(posix->url->port)};
    memcpy(&v6.sin6_addr, octets, sizeof v6.sin6_addr);
    insert(posix, posix->address_count, (struct sockaddr *)&v6);
}

/* 8305 4: the families take turns, IPv6 first; those to which an attempt was begun stay where they are. */
static void add_in_turns(struct postino_posix *posix, const struct ares_addrinfo_node *node, int family)
{
    bool second = family == AF_INET && posix->attempt_count == 0;
    for (int at = posix->attempt_count + second; node; node = node->ai_next)
        if (node->ai_family == family) {
            insert(posix, at < posix->address_count ? at : posix->address_count, node->ai_addr);
            at += 2;
        }
}

/* 8305 3: IPv4 alone waits a moment for IPv6. */
static void answered(void *context, int status, int timeouts, struct ares_addrinfo *result)
{
    struct postino_posix *posix = context;
    (void)timeouts;
    posix->questions--;
    bool nothing_yet = posix->address_count == 0;
    if (status == ARES_SUCCESS) {
        add_in_turns(posix, result->nodes, AF_INET6);
        add_in_turns(posix, result->nodes, AF_INET);
    }
    if (posix->address_count)
        posix->resolver_status = ARES_SUCCESS;
    else if (status != ARES_SUCCESS && (posix->resolver_status != ARES_ETIMEOUT))
        posix->resolver_status = status;
    if (posix->attempt_count == 0)
        posix->next_attempt_ms = nothing_yet && posix->questions && posix->addresses[0].as.any.sa_family == AF_INET
                                     ? postino_posix_now_ms() + RESOLUTION_DELAY_MS
                                     : 0;
    if (result)
        ares_freeaddrinfo(result);
}

static bool open_resolver(struct postino_posix *posix, const char *lookups)
{
    struct ares_options options = {.timeout = 3000, .tries = 3, .lookups = (char *)lookups};
    int wanted = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS;
    ares_channel channel;
    posix->resolver_status = ares_init_options(&channel, &options, wanted);
    if (posix->resolver_status != ARES_SUCCESS)
        return false;
    posix->resolver = channel;
    posix->resolver_status = PENDING;
    return true;
}

static void ask(struct postino_posix *posix, int family)
{
    struct ares_addrinfo_hints hints = {
        .ai_family = family, .ai_socktype = SOCK_STREAM, .ai_flags = ARES_AI_NUMERICSERV};
    char port[8];
    int digits = 0;
    for (unsigned rest = posix->url->port, unit = 10000; unit; rest %= unit, unit /= 10)
        port[digits++] = (char)('0' + (int)(rest / unit));
    port[digits] = '\0';
    ares_getaddrinfo(posix->resolver, posix->url->host, port, &hints, answered, posix);
}

/* The file of hosts decides for both families; the name servers are asked for each by itself, so that a mail need not
 * wait for an answer that never comes (8305 3). */
static void ask_all(struct postino_posix *posix)
{
    posix->questions = 1;
    if (!open_resolver(posix, "f"))
        return;
    ask(posix, AF_UNSPEC);
    if (posix->address_count)
        return;
    postino_posix_stop_resolving(posix);
    posix->questions = 2;
    if (!open_resolver(posix, "b"))
        return;
    ask(posix, AF_INET6);
    ask(posix, AF_INET);
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
    } else if (strcasecmp(posix->url->host, "localhost") == 0) {
        add_v6(posix, &in6addr_loopback);
        add_v4(posix, loopback);
    }
    return posix->address_count > 0;
}

static void hear_answers(struct postino_posix *posix)
{
    struct pollfd fds[ARES_GETSOCK_MAXNUM];
    int count = postino_posix_resolver_poll(posix, fds, ARES_GETSOCK_MAXNUM);
    poll(fds, (nfds_t)count, 0);
    ares_process_fd(posix->resolver, ARES_SOCKET_BAD, ARES_SOCKET_BAD); /* its own time-outs */
    for (int i = 0; i < count; i++)
        ares_process_fd(posix->resolver, fds[i].revents & (POLLIN | POLLERR | POLLHUP) ? fds[i].fd : ARES_SOCKET_BAD,
                        fds[i].revents & POLLOUT ? fds[i].fd : ARES_SOCKET_BAD);
}

int postino_posix_resolve(struct postino_posix *posix)
{
    if (posix->resolver)
        hear_answers(posix);
    else if (posix->address_count == 0 && !add_known(posix))
        ask_all(posix);
    if (posix->address_count)
        return 1;
    return posix->resolver && posix->questions ? 0 : -1;
}

void postino_posix_stop_resolving(struct postino_posix *posix)
{
    int status = posix->resolver_status;
    if (posix->resolver)
        ares_destroy(posix->resolver); /* which answers what is still out */
    posix->resolver_status = status;
    posix->resolver = NULL;
    posix->questions = 0;
}

int postino_posix_resolver_poll(struct postino_posix *posix, struct pollfd *fds, int size)
{
    ares_socket_t sockets[ARES_GETSOCK_MAXNUM];
    int count = 0;
    if (!posix->resolver)
        return 0;
    /* The macros of c-ares shift into the sign. */
    unsigned bits = (unsigned)ares_getsock(posix->resolver, sockets, ARES_GETSOCK_MAXNUM);
    for (int i = 0; i < ARES_GETSOCK_MAXNUM && count < size; i++) {
        short events = (short)((bits >> i & 1u ? POLLIN : 0) | (bits >> (i + ARES_GETSOCK_MAXNUM) & 1u ? POLLOUT : 0));
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
