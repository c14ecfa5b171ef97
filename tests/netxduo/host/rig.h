/* What the tests of the host layer share: a pool, an IP instance, a socket, and a peer on the loopback. */
#ifndef POSTINO_TESTS_NETXDUO_HOST_RIG_H
#define POSTINO_TESTS_NETXDUO_HOST_RIG_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "nx_host.h"
#include "nx_ip.h"
#include "nx_tcp.h"

#if defined(__SANITIZE_ADDRESS__)
#define RIG_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define RIG_ASAN 1
#endif
#endif

/* Status values of NetX are numbers, and unsigned. */
#define CHECK_STATUS(actual, expected) CHECK_NUMBER((UINT)(actual), (UINT)(expected))

#define PEER_ADDRESS IP_ADDRESS(192, 168, 1, 10)
#define PEER_PORT    25

struct rig {
    NX_PACKET_POOL pool;
    NX_IP ip;
    NX_TCP_SOCKET socket;
    int listener;   /* the peer's */
    int connection; /* the peer's, once accepted; -1 */
    ULONG memory[16384];
    ULONG stack[256];
};

static inline int listen_on_loopback(UINT *port)
{
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    int small = 4096;
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    CHECK(bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && listen(fd, 1) == 0);
    CHECK(getsockname(fd, (struct sockaddr *)&address, &size) == 0);
    *port = ntohs(address.sin_port);
    return fd;
}

/* A pool of so many packets of such a payload, an IP instance on it, a bound socket, a listening peer. */
static inline void rig_open(struct rig *rig, ULONG payload, ULONG packets)
{
    UINT port;
    memset(rig, 0, offsetof(struct rig, memory));
    nx_host_reset();
    rig->connection = -1;
    rig->listener = listen_on_loopback(&port);
    CHECK_STATUS(nx_host_route(PEER_ADDRESS, PEER_PORT, port), NX_SUCCESS);
    ULONG size = packets * ((payload + 7) / 8 * 8 + (ULONG)sizeof(NX_PACKET)) + (ULONG)sizeof(ALIGN_TYPE);
    CHECK(size <= sizeof rig->memory);
    CHECK_STATUS(nx_packet_pool_create(&rig->pool, (CHAR *)"pool", payload, rig->memory, size), NX_SUCCESS);
    CHECK_NUMBER(rig->pool.nx_packet_pool_total, packets);
    CHECK_STATUS(nx_ip_create(&rig->ip, (CHAR *)"ip", IP_ADDRESS(192, 168, 1, 2), 0xFFFFFF00, &rig->pool,
                              _nx_ram_network_driver, rig->stack, sizeof rig->stack, 1),
                 NX_SUCCESS);
    CHECK_STATUS(nx_tcp_enable(&rig->ip), NX_SUCCESS);
    CHECK_STATUS(nx_tcp_socket_create(&rig->ip, &rig->socket, (CHAR *)"socket", NX_IP_NORMAL, NX_FRAGMENT_OKAY,
                                      NX_IP_TIME_TO_LIVE, 1460, NX_NULL, NX_NULL),
                 NX_SUCCESS);
    CHECK_STATUS(nx_tcp_client_socket_bind(&rig->socket, NX_ANY_PORT, NX_NO_WAIT), NX_SUCCESS);
}

static inline void rig_connect(struct rig *rig)
{
    CHECK_STATUS(nx_tcp_client_socket_connect(&rig->socket, PEER_ADDRESS, PEER_PORT, 100), NX_SUCCESS);
    rig->connection = accept(rig->listener, NULL, NULL);
    CHECK(rig->connection >= 0);
}

static inline void rig_peer_close(struct rig *rig, bool reset)
{
    struct linger none = {1, 0};
    if (rig->connection >= 0 && reset) {
        setsockopt(rig->connection, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    }
    if (rig->connection >= 0) {
        close(rig->connection);
    }
    rig->connection = -1;
}

/* Checks that no packet is out and nothing was done wrong. */
static inline void rig_close(struct rig *rig)
{
    const struct nx_host_shape none = {0, 0, 0, 0, 0, 0, 0};
    nx_host_fail_at(0, 0);
    nx_host_shape_set(&none);
    (void)nx_tcp_socket_disconnect(&rig->socket, NX_NO_WAIT);
    CHECK_STATUS(nx_tcp_client_socket_unbind(&rig->socket), NX_SUCCESS);
    CHECK_STATUS(nx_tcp_socket_delete(&rig->socket), NX_SUCCESS);
    CHECK_NUMBER(nx_host_packets_out(&rig->pool), 0);
    CHECK_STATUS(nx_ip_delete(&rig->ip), NX_SUCCESS);
    CHECK_STATUS(nx_packet_pool_delete(&rig->pool), NX_SUCCESS);
    CHECK_NUMBER(nx_host_violations(), 0);
    rig_peer_close(rig, false);
    close(rig->listener);
}

static inline void rig_peer_write(struct rig *rig, const char *octets, size_t length)
{
    CHECK(send(rig->connection, octets, length, MSG_NOSIGNAL) == (ssize_t)length);
}

/* What comes until SIZE or the end. */
static inline size_t rig_peer_read(struct rig *rig, char *buffer, size_t size)
{
    size_t length = 0;
    while (length < size) {
        ssize_t n = recv(rig->connection, buffer + length, size - length, 0);
        if (n <= 0) {
            break;
        }
        length += (size_t)n;
    }
    return length;
}

/* Sends one packet of text; what could not be sent is released. */
static inline UINT rig_send(struct rig *rig, const char *octets, ULONG length, ULONG wait)
{
    NX_PACKET *packet;
    char data[4096];
    memcpy(data, octets, length);
    UINT status = nx_packet_allocate(&rig->pool, &packet, NX_TCP_PACKET, wait);
    if (status != NX_SUCCESS) {
        return status;
    }
    status = nx_packet_data_append(packet, data, length, &rig->pool, wait);
    if (status == NX_SUCCESS) {
        status = nx_tcp_socket_send(&rig->socket, packet, wait);
    }
    if (status != NX_SUCCESS) {
        CHECK(packet != NULL);
        (void)nx_packet_release(packet);
    }
    return status;
}

#endif
