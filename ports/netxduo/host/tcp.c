/* A TCP socket: what it is, what state the network has it in, and which sent packets the peer has. */
#include <errno.h>
#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host.h"

#define DEFAULT_WINDOW 65535

bool nxh_socket_valid(const NX_TCP_SOCKET *socket)
{
    return socket != NULL && socket->nx_tcp_socket_id == NX_TCP_ID;
}

bool nxh_socket_connected(const NX_TCP_SOCKET *socket)
{
    return socket->nx_tcp_socket_state == NX_TCP_ESTABLISHED || socket->nx_tcp_socket_state == NX_TCP_CLOSE_WAIT;
}

/* Other threads may wait on the descriptor: they look at the state every few milliseconds, and leave. */
void nxh_socket_close(NX_TCP_SOCKET *socket, bool reset)
{
    int fd = socket->nx_tcp_socket_host_fd;
    socket->nx_tcp_socket_state = NX_TCP_CLOSED;
    socket->nx_tcp_socket_host_fd = -1;
    while (socket->nx_tcp_socket_transmit_sent_head != NULL) {
        NX_PACKET *packet = socket->nx_tcp_socket_transmit_sent_head;
        socket->nx_tcp_socket_transmit_sent_head = packet->nx_packet_queue_next;
        nxh_packet_free(packet);
    }
    socket->nx_tcp_socket_transmit_sent_tail = NULL;
    socket->nx_tcp_socket_transmit_sent_count = 0;
    nxh_changed();
    if (fd < 0) {
        return;
    }
    if (reset) {
        struct linger none = {1, 0};
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    }
    while (socket->nx_tcp_socket_host_users > 0) {
        nxh_idle();
    }
    close(fd);
}

enum nxh_wake nxh_socket_wait(NX_TCP_SOCKET *socket, struct nxh_wait *wait, short events)
{
    return nxh_wait_descriptor(wait, socket->nx_tcp_socket_host_fd, events, &socket->nx_tcp_socket_host_users);
}

static void finish_connecting(NX_TCP_SOCKET *socket)
{
    struct pollfd polled = {socket->nx_tcp_socket_host_fd, POLLOUT, 0};
    int error = 0;
    socklen_t size = sizeof error;
    if (poll(&polled, 1, 0) <= 0) {
        return;
    }
    if (getsockopt(socket->nx_tcp_socket_host_fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0) {
        nxh_socket_close(socket, true);
        return;
    }
    socket->nx_tcp_socket_state = NX_TCP_ESTABLISHED;
    nxh_traffic.connections++;
}

static void release_acknowledged(NX_TCP_SOCKET *socket)
{
    int unacknowledged = 0;
    if (!nxh_shape.withhold && ioctl(socket->nx_tcp_socket_host_fd, SIOCOUTQ, &unacknowledged) == 0) {
        ULONG64 out = (ULONG64)unacknowledged;
        socket->nx_tcp_socket_host_acked =
            out < socket->nx_tcp_socket_host_sent ? socket->nx_tcp_socket_host_sent - out : 0;
    }
    NX_PACKET *packet = socket->nx_tcp_socket_transmit_sent_head;
    while (packet != NULL && packet->nx_packet_host_end <= socket->nx_tcp_socket_host_acked) {
        NX_PACKET *next = packet->nx_packet_queue_next;
        nxh_packet_free(packet);
        socket->nx_tcp_socket_transmit_sent_count--;
        packet = next;
    }
    socket->nx_tcp_socket_transmit_sent_head = packet;
    if (packet == NULL) {
        socket->nx_tcp_socket_transmit_sent_tail = NULL;
    }
}

/* The octets that arrived before a FIN are read first; behind a reset nothing is read. */
static void look_for_end(NX_TCP_SOCKET *socket)
{
    char octet;
    ssize_t n = nxh_shape.drop ? 1 : recv(socket->nx_tcp_socket_host_fd, &octet, 1, MSG_PEEK | MSG_DONTWAIT);
    if (n == 0) {
        socket->nx_tcp_socket_state = NX_TCP_CLOSE_WAIT;
    } else if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
        nxh_socket_close(socket, true);
    }
}

void nxh_socket_refresh(NX_TCP_SOCKET *socket)
{
    if (socket->nx_tcp_socket_state == NX_TCP_SYN_SENT) {
        finish_connecting(socket);
    }
    if (nxh_socket_connected(socket)) {
        release_acknowledged(socket);
        look_for_end(socket);
    }
}

/* A socket that a thread waits on is refreshed by that thread: closing it here would mean to wait for the thread, while
   the list may change. */
void nxh_sockets_refresh(void)
{
    for (NX_IP *ip = nxh_ips; ip != NULL; ip = ip->nx_ip_created_next) {
        for (NX_TCP_SOCKET *socket = ip->nx_ip_tcp_created_sockets_ptr; socket != NULL;
             socket = socket->nx_tcp_socket_created_next) {
            if (socket->nx_tcp_socket_host_users == 0) {
                nxh_socket_refresh(socket);
            }
        }
    }
}

ULONG nxh_socket_window(const NX_TCP_SOCKET *socket)
{
    ULONG64 window = nxh_shape.window ? nxh_shape.window : DEFAULT_WINDOW;
    ULONG64 flying = socket->nx_tcp_socket_host_sent - socket->nx_tcp_socket_host_acked;
    return flying < window ? (ULONG)(window - flying) : 0;
}

UINT nx_tcp_socket_create(NX_IP *ip_ptr, NX_TCP_SOCKET *socket_ptr, CHAR *name, ULONG type_of_service, ULONG fragment,
                          UINT time_to_live, ULONG window_size,
                          VOID (*tcp_urgent_data_callback)(NX_TCP_SOCKET *socket_ptr),
                          VOID (*tcp_disconnect_callback)(NX_TCP_SOCKET *socket_ptr))
{
    (void)tcp_urgent_data_callback;
    (void)tcp_disconnect_callback;
    UINT status = nxh_enter("nx_tcp_socket_create", NXH_ANYWHERE, NX_NOT_ENABLED);
    if (status != NX_SUCCESS) {
        return status;
    }
    if (!nxh_ip_valid(ip_ptr) || socket_ptr == NULL || nxh_socket_valid(socket_ptr)) {
        return nxh_leave(NX_PTR_ERROR);
    }
    if (!(ip_ptr->nx_ip_host_enabled & NX_IP_TCP_ENABLED)) {
        return nxh_leave(NX_NOT_ENABLED);
    }
    if ((type_of_service & ~NX_IP_TOS_MASK) != 0 || (fragment != NX_FRAGMENT_OKAY && fragment != NX_DONT_FRAGMENT) ||
        time_to_live == 0 || time_to_live > 0xFF || window_size == 0 || window_size > 0x3FFFFFFF) {
        return nxh_leave(NX_OPTION_ERROR);
    }
    memset(socket_ptr, 0, sizeof *socket_ptr);
    socket_ptr->nx_tcp_socket_id = NX_TCP_ID;
    socket_ptr->nx_tcp_socket_name = name;
    socket_ptr->nx_tcp_socket_ip_ptr = ip_ptr;
    socket_ptr->nx_tcp_socket_state = NX_TCP_CLOSED;
    socket_ptr->nx_tcp_socket_rx_window_default = window_size;
    socket_ptr->nx_tcp_socket_transmit_queue_maximum = NX_TCP_MAXIMUM_TX_QUEUE;
    socket_ptr->nx_tcp_socket_host_fd = -1;
    socket_ptr->nx_tcp_socket_created_next = ip_ptr->nx_ip_tcp_created_sockets_ptr;
    ip_ptr->nx_ip_tcp_created_sockets_ptr = socket_ptr;
    ip_ptr->nx_ip_tcp_created_sockets_count++;
    return nxh_leave(NX_SUCCESS);
}

UINT nx_tcp_socket_delete(NX_TCP_SOCKET *socket_ptr)
{
    UINT status = nxh_enter("nx_tcp_socket_delete", NXH_THREADS, NX_STILL_BOUND);
    if (status != NX_SUCCESS) {
        return status;
    }
    if (socket_ptr == NULL) {
        return nxh_leave(NX_PTR_ERROR);
    }
    if (!nxh_socket_valid(socket_ptr)) {
        return nxh_leave(NX_NOT_CREATED);
    }
    if (socket_ptr->nx_tcp_socket_port != 0) {
        return nxh_leave(NX_STILL_BOUND);
    }
    NX_IP *ip = socket_ptr->nx_tcp_socket_ip_ptr;
    NX_TCP_SOCKET **link = &ip->nx_ip_tcp_created_sockets_ptr;
    while (*link != socket_ptr) {
        link = &(*link)->nx_tcp_socket_created_next;
    }
    *link = socket_ptr->nx_tcp_socket_created_next;
    ip->nx_ip_tcp_created_sockets_count--;
    socket_ptr->nx_tcp_socket_id = 0;
    return nxh_leave(NX_SUCCESS);
}
