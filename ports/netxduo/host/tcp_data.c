/* Octets of a connection: from packets to the host's socket, and from there into packets. */
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include "host.h"

#define SEGMENT_SIZE 1460

enum taken {
    TAKEN,
    NOTHING_THERE,
    POOL_DRY
};

static bool lengths_agree(const NX_PACKET *packet)
{
    ULONG there = 0;
    for (const NX_PACKET *part = packet; part != NULL; part = nxh_packet_next(part)) {
        there += (ULONG)(part->nx_packet_append_ptr - part->nx_packet_prepend_ptr);
    }
    return there == packet->nx_packet_length;
}

/* Sends what fits into the window, a segment at most; true when the window was not closed. */
static bool send_segment(NX_TCP_SOCKET *socket, NX_PACKET *packet)
{
    UCHAR segment[SEGMENT_SIZE];
    ULONG length = nxh_socket_window(socket);
    length = length < socket->nx_tcp_socket_connect_mss ? length : socket->nx_tcp_socket_connect_mss;
    length = length < packet->nx_packet_length ? length : packet->nx_packet_length;
    if (length == 0) {
        return false;
    }
    (void)nxh_packet_extract(packet, 0, segment, length);
    ssize_t n = send(socket->nx_tcp_socket_host_fd, segment, length, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0) {
        if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
            nxh_socket_close(socket, true);
        }
        return false;
    }
    nxh_packet_consume(packet, (ULONG)n);
    socket->nx_tcp_socket_host_sent += (ULONG64)n;
    return true;
}

/* The packet is the stack's now, until the peer has it. */
static void keep(NX_TCP_SOCKET *socket, NX_PACKET *packet)
{
    packet->nx_packet_host_end = socket->nx_tcp_socket_host_sent;
    packet->nx_packet_queue_next = NULL;
    packet->nx_packet_union_next.nx_packet_tcp_queue_next = (NX_PACKET *)NX_PACKET_ENQUEUED;
    nxh_packet_own(packet, true);
    if (socket->nx_tcp_socket_transmit_sent_tail != NULL) {
        socket->nx_tcp_socket_transmit_sent_tail->nx_packet_queue_next = packet;
    } else {
        socket->nx_tcp_socket_transmit_sent_head = packet;
    }
    socket->nx_tcp_socket_transmit_sent_tail = packet;
    socket->nx_tcp_socket_transmit_sent_count++;
    nxh_socket_refresh(socket);
}

static void account_send(NX_TCP_SOCKET *socket, const NX_PACKET *packet)
{
    ULONG length = packet->nx_packet_length;
    NX_IP *ip = socket->nx_tcp_socket_ip_ptr;
    nxh_traffic.sends++;
    nxh_traffic.octets_sent += length;
    nxh_traffic.chained_sends += nxh_packet_next(packet) != NULL;
    nxh_traffic.long_sends += length > socket->nx_tcp_socket_connect_mss;
    nxh_traffic.largest_send = nxh_traffic.largest_send < length ? length : nxh_traffic.largest_send;
    socket->nx_tcp_socket_packets_sent++;
    socket->nx_tcp_socket_bytes_sent += length;
    ip->nx_ip_total_packets_sent++;
    ip->nx_ip_total_bytes_sent += length;
}

/* A time-out leaves a packet that was sent in part with the part that was not: NetX Duo sends what the window takes. */
static UINT send_all(NX_TCP_SOCKET *socket, NX_PACKET *packet, ULONG wait_option)
{
    struct nxh_wait wait = nxh_wait_begin(wait_option, TX_TCP_IP);
    for (;;) {
        nxh_socket_refresh(socket);
        if (!nxh_socket_connected(socket)) {
            return NX_NOT_CONNECTED;
        }
        bool deep = socket->nx_tcp_socket_transmit_sent_count >= socket->nx_tcp_socket_transmit_queue_maximum;
        if (!deep && send_segment(socket, packet)) {
            if (packet->nx_packet_length == 0) {
                return NX_SUCCESS;
            }
            continue;
        }
        if (!nxh_socket_connected(socket)) {
            return NX_NOT_CONNECTED;
        }
        enum nxh_wake wake = nxh_wait_slice(&wait);
        if (wake != NXH_AGAIN) {
            return wake == NXH_ABORTED ? NX_WAIT_ABORTED : deep ? NX_TX_QUEUE_DEPTH : NX_WINDOW_OVERFLOW;
        }
    }
}

static UINT judge_send(const NX_TCP_SOCKET *socket, const NX_PACKET *packet)
{
    if (!nxh_socket_valid(socket)) {
        return NX_PTR_ERROR;
    }
    UINT status = nxh_packet_check("nx_tcp_socket_send", packet);
    if (status != NX_SUCCESS) {
        return status == NX_PTR_ERROR && packet != NULL ? NX_INVALID_PACKET : status;
    }
    bool v6 = socket->nx_tcp_socket_connect_ip.nxd_ip_version == NX_IP_VERSION_V6;
    if (packet->nx_packet_prepend_ptr - packet->nx_packet_data_start < (v6 ? NX_IPv6_TCP_PACKET : NX_IPv4_TCP_PACKET)) {
        return NX_UNDERFLOW;
    }
    if (!lengths_agree(packet)) {
        nxh_violation("nx_tcp_socket_send", "the packet's length is not that of its data");
        return NX_INVALID_PACKET;
    }
    return socket->nx_tcp_socket_port == 0 ? NX_NOT_BOUND : NX_SUCCESS;
}

UINT _nx_tcp_socket_send(NX_TCP_SOCKET *socket_ptr, NX_PACKET *packet_ptr, ULONG wait_option)
{
    UINT status = nxh_enter("nx_tcp_socket_send", NXH_THREADS, NX_WINDOW_OVERFLOW);
    if (status != NX_SUCCESS) {
        return status;
    }
    status = judge_send(socket_ptr, packet_ptr);
    if (status != NX_SUCCESS) {
        return nxh_leave(status);
    }
    nxh_socket_refresh(socket_ptr);
    if (!nxh_socket_connected(socket_ptr)) {
        return nxh_leave(NX_NOT_CONNECTED);
    }
    NX_PACKET before = *packet_ptr;
    if (packet_ptr->nx_packet_length > 0) {
        status = send_all(socket_ptr, packet_ptr, wait_option);
    }
    if (status == NX_SUCCESS) {
        account_send(socket_ptr, &before);
        keep(socket_ptr, packet_ptr);
    }
    return nxh_leave(status);
}

UINT _nxe_tcp_socket_send(NX_TCP_SOCKET *socket_ptr, NX_PACKET **packet_ptr_ptr, ULONG wait_option)
{
    UINT status = packet_ptr_ptr == NULL ? NX_PTR_ERROR : _nx_tcp_socket_send(socket_ptr, *packet_ptr_ptr, wait_option);
    if (status == NX_SUCCESS) {
        *packet_ptr_ptr = NULL;
    }
    return status;
}

static ULONG least(ULONG a, ULONG b)
{
    return a < b ? a : b;
}

/* How many octets the next received packet may hold. */
static ULONG receive_limit(const NX_TCP_SOCKET *socket, ULONG headroom)
{
    ULONG limit = least(socket->nx_tcp_socket_connect_mss, socket->nx_tcp_socket_rx_window_default);
    if (nxh_shape.split != 0) {
        limit = least(limit, nxh_shape.split);
    }
    if (nxh_shape.cut > socket->nx_tcp_socket_host_taken) {
        limit = least(limit, nxh_shape.cut - (ULONG)socket->nx_tcp_socket_host_taken);
    }
#ifdef NX_DISABLE_PACKET_CHAIN
    limit =
        least(limit, socket->nx_tcp_socket_ip_ptr->nx_ip_default_packet_pool->nx_packet_pool_payload_size - headroom);
    limit = nxh_shape.chain != 0 ? least(limit, nxh_shape.chain) : limit;
#else
    (void)headroom;
#endif
    return limit;
}

/* The room of the headers that came before the data, as on the device, where the payload has any to spare. */
static ULONG receive_headroom(const NX_TCP_SOCKET *socket)
{
    bool v4 = socket->nx_tcp_socket_connect_ip.nxd_ip_version == NX_IP_VERSION_V4;
    ULONG headroom = v4 ? NX_IPv4_TCP_PACKET : NX_IPv6_TCP_PACKET;
    ULONG payload = socket->nx_tcp_socket_ip_ptr->nx_ip_default_packet_pool->nx_packet_pool_payload_size;
    return headroom < payload ? headroom : 0;
}

/* Makes a packet or chain of octets, without waiting: nobody else may receive in the meantime. The padding is left out
   where it does not fit an unchained packet. */
static UINT wrap(const NX_TCP_SOCKET *socket, const UCHAR *octets, ULONG length, NX_PACKET **packet)
{
    static const UCHAR nuls[256];
    struct nxh_wait none = nxh_wait_begin(NX_NO_WAIT, TX_TCP_IP);
    NX_PACKET_POOL *pool = socket->nx_tcp_socket_ip_ptr->nx_ip_default_packet_pool;
    UINT status = nxh_packet_allocate(pool, packet, receive_headroom(socket), &none);
    if (status != NX_SUCCESS) {
        return status;
    }
    status = nxh_packet_append(*packet, octets, length, pool, nxh_shape.chain, &none);
    if (status == NX_SUCCESS && nxh_shape.pad != 0 && octets[length - 1] == '\n') {
        ULONG pad = least(nxh_shape.pad, sizeof nuls);
        status = nxh_packet_append(*packet, nuls, pad, pool, nxh_shape.chain, &none);
        status = status == NX_SIZE_ERROR ? NX_SUCCESS : status;
    }
    if (status != NX_SUCCESS) {
        nxh_packet_free(*packet);
        *packet = NULL;
    }
    return status;
}

/* The octets leave the host's socket only when packets for them are there: a device whose pool is dry drops the
   segment, and its peer sends it again. */
static enum taken take(NX_TCP_SOCKET *socket, NX_PACKET **packet)
{
    UCHAR octets[SEGMENT_SIZE];
    int fd = socket->nx_tcp_socket_host_fd;
    ULONG limit = receive_limit(socket, receive_headroom(socket));
    ssize_t n = nxh_shape.drop ? -1 : recv(fd, octets, limit, MSG_PEEK | MSG_DONTWAIT);
    if (n <= 0) {
        return NOTHING_THERE;
    }
    if (wrap(socket, octets, (ULONG)n, packet) != NX_SUCCESS) {
        return POOL_DRY;
    }
    (void)!recv(fd, octets, (size_t)n, MSG_DONTWAIT);
    socket->nx_tcp_socket_host_taken += (ULONG64)n;
    return TAKEN;
}

static void account_receive(NX_TCP_SOCKET *socket, const NX_PACKET *packet)
{
    NX_IP *ip = socket->nx_tcp_socket_ip_ptr;
    nxh_traffic.receives++;
    nxh_traffic.octets_received += packet->nx_packet_length;
    socket->nx_tcp_socket_packets_received++;
    socket->nx_tcp_socket_bytes_received += packet->nx_packet_length;
    ip->nx_ip_total_packets_received++;
    ip->nx_ip_total_bytes_received += packet->nx_packet_length;
}

static UINT receive(NX_TCP_SOCKET *socket, NX_PACKET **packet, ULONG wait_option)
{
    struct nxh_wait wait = nxh_wait_begin(wait_option, TX_TCP_IP);
    for (;;) {
        nxh_socket_refresh(socket);
        if (!nxh_socket_connected(socket)) {
            return NX_NOT_CONNECTED;
        }
        enum taken taken = take(socket, packet);
        if (taken == TAKEN) {
            return NX_SUCCESS;
        }
        if (taken == NOTHING_THERE && socket->nx_tcp_socket_state == NX_TCP_CLOSE_WAIT) {
            return NX_NOT_CONNECTED;
        }
        bool by_poll = taken == NOTHING_THERE && !nxh_shape.drop;
        enum nxh_wake wake = by_poll ? nxh_socket_wait(socket, &wait, POLLIN) : nxh_wait_slice(&wait);
        if (wake != NXH_AGAIN) {
            return wake == NXH_ABORTED ? NX_WAIT_ABORTED : NX_NO_PACKET;
        }
    }
}

UINT nx_tcp_socket_receive(NX_TCP_SOCKET *socket_ptr, NX_PACKET **packet_ptr, ULONG wait_option)
{
    UINT status = nxh_enter("nx_tcp_socket_receive", NXH_THREADS, NX_NO_PACKET);
    if (status != NX_SUCCESS) {
        return status;
    }
    if (!nxh_socket_valid(socket_ptr) || packet_ptr == NULL) {
        return nxh_leave(NX_PTR_ERROR);
    }
    if (socket_ptr->nx_tcp_socket_port == 0) {
        return nxh_leave(NX_NOT_BOUND);
    }
    status = receive(socket_ptr, packet_ptr, wait_option);
    if (status == NX_SUCCESS) {
        account_receive(socket_ptr, *packet_ptr);
    }
    return nxh_leave(status);
}
