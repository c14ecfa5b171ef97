/* A mail server that says what it is told to, on the loopback, and a device that sends mail to it. */
#ifndef POSTINO_TESTS_NETXDUO_SCRIPTED_H
#define POSTINO_TESTS_NETXDUO_SCRIPTED_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "nx_host.h"
#include "nxd_smtp_client.h"

#define CHECK_STATUS(actual, expected) CHECK_NUMBER((UINT)(actual), (UINT)(expected))

enum {
    CONNECTIONS_MAX = 300,
    HEARD_MAX = 1 << 20
};

/*
 * What the server says: a greeting, then one entry for each command, and for the message once its final dot is there;
 * NULL at the end: it says no more, and waits for the client to close. Within an entry:
 *
 *   |    a pause, so that what follows comes in another segment      ~    a NUL
 *   ^    at the end: it closes behind that                           !    at the end: it resets the connection
 *   %    a longer while in which it reads nothing                    ""   it says nothing to this command
 */
struct server {
    const char *const *script;         /* of every connection */
    const char *const *const *scripts; /* or one for each connection, the last for all that follow; NULL at the end */
    int listener;
    UINT port;
    pthread_t thread;
    unsigned connections;
    unsigned sessions_ended; /* connections that the client has closed */
    size_t length;
    char heard[HEARD_MAX]; /* of all connections */
};

/* Everything that a device has. */
struct device {
    NX_PACKET_POOL pool;
    NX_IP ip;
    NX_SMTP_CLIENT client;
    NXD_ADDRESS address;
    TX_THREAD thread;
    ULONG packets;
    ULONG memory[65536];
    ULONG stack[256];
};

/* Where what stands in `accepting`. */
enum {
    AT_GREETING,
    AT_EHLO,
    AT_AUTH,
    AT_RESPONSE,
    AT_MAIL,
    AT_RCPT,
    AT_DATA,
    AT_MESSAGE,
    AT_QUIT
};

static struct server server;
static struct device device;

/* All replies of a server that takes everything; the client authenticates by PLAIN. */
static const char *const accepting[] = {"220 here\r\n",   "250-here\r\n250 AUTH PLAIN LOGIN\r\n",
                                        "334 \r\n",       "235 welcome\r\n",
                                        "250 sender\r\n", "250 recipient\r\n",
                                        "354 go on\r\n",  "250 2.0.0 taken as 4711\r\n",
                                        "221 bye\r\n",    NULL};

/* What left as one packet: the linker wraps the service, so that this sees every call of it. */
struct segments {
    unsigned count;
    unsigned terminators; /* that ended in CR LF . CR LF */
};

static struct segments segments;

UINT __real__nxe_tcp_socket_send(NX_TCP_SOCKET *socket_ptr, NX_PACKET **packet_ptr_ptr, ULONG wait_option);
UINT __wrap__nxe_tcp_socket_send(NX_TCP_SOCKET *socket_ptr, NX_PACKET **packet_ptr_ptr, ULONG wait_option);

UINT __wrap__nxe_tcp_socket_send(NX_TCP_SOCKET *socket_ptr, NX_PACKET **packet_ptr_ptr, ULONG wait_option)
{
    const NX_PACKET *packet = *packet_ptr_ptr;
    bool terminator = packet->nx_packet_length >= 5 && !memcmp(packet->nx_packet_append_ptr - 5, "\r\n.\r\n", 5);
    UINT status = __real__nxe_tcp_socket_send(socket_ptr, packet_ptr_ptr, wait_option);
    segments.count += status == NX_SUCCESS;
    segments.terminators += status == NX_SUCCESS && terminator;
    return status;
}

static inline void say(int fd, const char *text)
{
    for (const char *part = text; *part;) {
        char octets[4096];
        size_t length = strcspn(part, "|^!%");
        memcpy(octets, part, length);
        for (size_t i = 0; i < length; i++)
            if (octets[i] == '~')
                octets[i] = '\0';
        if (length && send(fd, octets, length, MSG_NOSIGNAL) < 0)
            return;
        part += length;
        if (*part == '|')
            usleep(20000);
        if (*part == '%')
            usleep(400000);
        if (*part)
            part++;
    }
}

/* Hears a command, or a message. Returns false at the end of the connection. */
static inline bool hear(struct server *s, int fd, bool message)
{
    size_t begin = s->length;
    for (;;) {
        ssize_t got = recv(fd, s->heard + s->length, HEARD_MAX - 1 - s->length, 0);
        if (got <= 0)
            return false;
        s->length += (size_t)got;
        s->heard[s->length] = '\0';
        size_t length = s->length - begin;
        const char *end = s->heard + s->length;
        if (message ? length >= 3 && !memcmp(end - 3, ".\r\n", 3) && (length == 3 || end[-4] == '\n') : end[-1] == '\n')
            return true;
    }
}

static inline void converse(struct server *s, int fd, const char *const *script)
{
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    bool message = false;
    for (; *script; script++) {
        char last = **script ? (*script)[strlen(*script) - 1] : 0;
        say(fd, *script);
        if (last == '!') {
            struct linger hard = {1, 0};
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
        }
        if (last == '!' || last == '^')
            return;
        message = strstr(*script, "354 ") != NULL;
        if (!hear(s, fd, message))
            return;
    }
    while (hear(s, fd, false))
        continue;
}

static inline void *serve(void *argument)
{
    struct server *s = argument;
    for (unsigned i = 0; s->connections < CONNECTIONS_MAX; s->connections++) {
        int fd = accept(s->listener, NULL, NULL);
        if (fd < 0)
            break;
        converse(s, fd, s->scripts ? s->scripts[i] : s->script);
        if (s->scripts && s->scripts[i + 1])
            i++;
        close(fd);
        s->sessions_ended++;
    }
    return NULL;
}

static inline void server_start(struct server *s)
{
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    s->listener = socket(AF_INET, SOCK_STREAM, 0);
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(bind(s->listener, (struct sockaddr *)&address, sizeof address) == 0 && listen(s->listener, 16) == 0);
    CHECK(getsockname(s->listener, (struct sockaddr *)&address, &size) == 0);
    s->port = ntohs(address.sin_port);
    s->connections = s->sessions_ended = 0;
    s->length = 0;
    s->heard[0] = '\0';
    CHECK(pthread_create(&s->thread, NULL, serve, s) == 0);
}

/* When its last client has closed. */
static inline void server_stop(struct server *s)
{
    shutdown(s->listener, SHUT_RDWR);
    pthread_join(s->thread, NULL);
    close(s->listener);
}

static inline void device_open(struct device *d, ULONG payload, ULONG packets, UINT port, bool v6)
{
    static ULONG addresses[] = {0x20010db8, 0, 0, 1};
    ULONG size = packets * ((payload + 7) / 8 * 8 + (ULONG)sizeof(NX_PACKET)) + (ULONG)sizeof(ALIGN_TYPE);
    memset(d, 0, offsetof(struct device, memory));
    d->packets = packets;
    CHECK(size <= sizeof d->memory);
    CHECK_STATUS(nx_packet_pool_create(&d->pool, (CHAR *)"pool", payload, d->memory, size), NX_SUCCESS);
    CHECK_STATUS(nx_ip_create(&d->ip, (CHAR *)"ip", IP_ADDRESS(192, 168, 1, 2), 0xFFFFFF00, &d->pool,
                              _nx_ram_network_driver, d->stack, sizeof d->stack, 1),
                 NX_SUCCESS);
    CHECK_STATUS(nx_tcp_enable(&d->ip), NX_SUCCESS);
    d->address.nxd_ip_version = NX_IP_VERSION_V4;
    d->address.nxd_ip_address.v4 = IP_ADDRESS(192, 168, 1, 10);
    CHECK_STATUS(nx_host_route(d->address.nxd_ip_address.v4, 25, port), NX_SUCCESS);
#ifdef FEATURE_NX_IPV6
    if (v6) {
        d->address.nxd_ip_version = NX_IP_VERSION_V6;
        memcpy(d->address.nxd_ip_address.v6, addresses, sizeof addresses);
        CHECK_STATUS(nxd_ipv6_enable(&d->ip), NX_SUCCESS);
        NXD_ADDRESS own = d->address;
        own.nxd_ip_address.v6[3] = 2;
        CHECK_STATUS(nxd_ipv6_address_set(&d->ip, 0, &own, 64, NX_NULL), NX_SUCCESS);
        char rule[64];
        snprintf(rule, sizeof rule, "[2001:db8::1]:25=127.0.0.1:%u", port);
        CHECK_STATUS(nx_host_routes(rule), NX_SUCCESS);
    }
#else
    (void)v6;
    (void)addresses;
#endif
}

static inline UINT client_open(struct device *d, UINT authentication_type)
{
    return nxd_smtp_client_create(&d->client, &d->ip, &d->pool, (CHAR *)"ada", (CHAR *)"secret",
                                  (CHAR *)"ada@example.com", (CHAR *)"device.example.com", authentication_type,
                                  &d->address, 25);
}

static inline void device_close(struct device *d)
{
    CHECK_NUMBER(nx_host_packets_out(&d->pool), 0);
    CHECK_STATUS(nx_smtp_client_delete(&d->client), NX_SUCCESS);
    CHECK_NUMBER(d->pool.nx_packet_pool_invalid_releases, 0);
    CHECK_STATUS(nx_ip_delete(&d->ip), NX_SUCCESS);
    CHECK_STATUS(nx_packet_pool_delete(&d->pool), NX_SUCCESS);
}

/* A device with so many packets, a client of type PLAIN, and a server that says what `script` says. */
static inline void begin_with(const char *const *script, ULONG payload, ULONG packets)
{
    nx_host_reset();
    nx_host_tick(500);
    server.script = script;
    server_start(&server);
    nx_host_thread_adopt(&device.thread, (CHAR *)"mail");
    device_open(&device, payload, packets, server.port, false);
    CHECK_STATUS(client_open(&device, NX_SMTP_CLIENT_AUTH_PLAIN), NX_SUCCESS);
}

static inline void begin(const char *const *script)
{
    begin_with(script, 1568, 10);
}

/* Holds that nothing leaked and nothing was misused, and that the client can be deleted. */
static inline void finish(void)
{
    device_close(&device);
    nx_host_thread_leave();
    server_stop(&server);
    server.scripts = NULL;
    CHECK_NUMBER(nx_host_violations(), 0);
    CHECK_TEXT(nx_host_violation(), "");
}

/* Sends a mail of three lines to bob. */
static inline UINT send_mail(void)
{
    static CHAR body[] = "Hello Bob,\r\n.this line begins with a dot\r\nAda\r\n";
    return nx_smtp_mail_send(&device.client, (CHAR *)"bob@example.com", NX_SMTP_MAIL_PRIORITY_NORMAL,
                             (CHAR *)"A short mail", body, sizeof body - 1);
}

static inline void check_heard(const char *expected)
{
    CHECK_TEXT(server.heard, expected);
}

static inline size_t count_heard(const char *text)
{
    size_t count = 0;
    for (const char *at = server.heard; (at = strstr(at, text)) != NULL; at++)
        count++;
    return count;
}

/* The script with another reply. */
static inline const char *const *with(const char *const *script, size_t at, const char *reply)
{
    static const char *copy[32];
    size_t i = 0;
    do {
        copy[i] = script[i];
    } while (script[i++]);
    copy[at] = reply;
    return copy;
}

#endif
