/* Ports of the application, connections, and their end. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host.h"

#define IPV4_MSS 1460
#define IPV6_MSS 1440

/* The application's ports are numbers within its IP instance; the host picks its own. */
static bool port_taken(const NX_IP *ip, UINT port)
{
    const NX_TCP_SOCKET *socket = ip->nx_ip_tcp_created_sockets_ptr;
    while (socket != NULL && socket->nx_tcp_socket_port != port) {
        socket = socket->nx_tcp_socket_created_next;
    }
    return socket != NULL;
}

static UINT free_port(NX_IP *ip)
{
    for (UINT tries = NX_SEARCH_PORT_START; tries <= NX_MAX_PORT; tries++) {
        UINT port = ip->nx_ip_host_next_port;
        ip->nx_ip_host_next_port = port == NX_MAX_PORT ? NX_SEARCH_PORT_START : port + 1;
        if (!port_taken(ip, port)) {
            return port;
        }
    }
    return 0;
}

UINT nx_tcp_client_socket_bind(NX_TCP_SOCKET *socket_ptr, UINT port, ULONG wait_option)
{
    UINT status = nxh_enter("nx_tcp_client_socket_bind", NXH_THREADS, NX_NO_FREE_PORTS);
    if (status != NX_SUCCESS) {
        return status;
    }
    if (!nxh_socket_valid(socket_ptr)) {
        return nxh_leave(NX_PTR_ERROR);
    }
    if (port > NX_MAX_PORT) {
        return nxh_leave(NX_INVALID_PORT);
    }
    if (socket_ptr->nx_tcp_socket_port != 0) {
        return nxh_leave(NX_ALREADY_BOUND);
    }
    NX_IP *ip = socket_ptr->nx_tcp_socket_ip_ptr;
    struct nxh_wait wait = nxh_wait_begin(wait_option, TX_TCP_IP);
    while (port != NX_ANY_PORT && port_taken(ip, port)) {
        enum nxh_wake wake = nxh_wait_change(&wait);
        if (wake != NXH_AGAIN) {
            return nxh_leave(wake == NXH_ABORTED ? NX_WAIT_ABORTED : NX_PORT_UNAVAILABLE);
        }
    }
    socket_ptr->nx_tcp_socket_client_type = NX_TRUE;
    socket_ptr->nx_tcp_socket_port = port != NX_ANY_PORT ? port : free_port(ip);
    return nxh_leave(socket_ptr->nx_tcp_socket_port != 0 ? NX_SUCCESS : NX_NO_FREE_PORTS);
}

UINT nx_tcp_client_socket_unbind(NX_TCP_SOCKET *socket_ptr)
{
    UINT status = nxh_enter("nx_tcp_client_socket_unbind", NXH_THREADS, NX_NOT_BOUND);
    if (status != NX_SUCCESS) {
        return status;
    }
    if (!nxh_socket_valid(socket_ptr)) {
        return nxh_leave(NX_PTR_ERROR);
    }
    nxh_socket_refresh(socket_ptr);
    if (socket_ptr->nx_tcp_socket_state != NX_TCP_CLOSED) {
        return nxh_leave(NX_NOT_CLOSED);
    }
    if (socket_ptr->nx_tcp_socket_port == 0) {
        return nxh_leave(NX_NOT_BOUND);
    }
    socket_ptr->nx_tcp_socket_port = 0;
    nxh_changed();
    return nxh_leave(NX_SUCCESS);
}

UINT nx_tcp_client_socket_port_get(NX_TCP_SOCKET *socket_ptr, UINT *port_ptr)
{
    UINT status = nxh_enter("nx_tcp_client_socket_port_get", NXH_THREADS, NX_NOT_BOUND);
    if (status != NX_SUCCESS) {
        return status;
    }
    if (!nxh_socket_valid(socket_ptr) || port_ptr == NULL) {
        return nxh_leave(NX_PTR_ERROR);
    }
    *port_ptr = socket_ptr->nx_tcp_socket_port;
    return nxh_leave(*port_ptr != 0 ? NX_SUCCESS : NX_NOT_BOUND);
}

static bool has_ipv6_address(const NX_IP *ip)
{
    bool found = false;
    for (unsigned i = 0; i < NX_MAX_IPV6_ADDRESSES; i++) {
        found = found || ip->nx_ipv6_address[i].nxd_ipv6_address_valid;
    }
    return found && (ip->nx_ip_host_enabled & NXH_IPV6_ENABLED);
}

static UINT judge_address(const NX_IP *ip, const NXD_ADDRESS *server)
{
    if (server->nxd_ip_version == NX_IP_VERSION_V4) {
        ULONG address = server->nxd_ip_address.v4;
        return address != 0 && nxh_address_valid(address) ? NX_SUCCESS : NX_IP_ADDRESS_ERROR;
    }
#ifdef FEATURE_NX_IPV6
    if (server->nxd_ip_version == NX_IP_VERSION_V6) {
        const ULONG *words = server->nxd_ip_address.v6;
        if (words[0] >> 24 == 0xFF || (words[0] | words[1] | words[2] | words[3]) == 0) {
            return NX_IP_ADDRESS_ERROR;
        }
        return has_ipv6_address(ip) ? NX_SUCCESS : NX_NO_INTERFACE_ADDRESS;
    }
#endif
    (void)has_ipv6_address;
    (void)ip;
    return NX_IP_ADDRESS_ERROR;
}

/* Begins; the state says how far it is. */
static void begin(NX_TCP_SOCKET *socket_ptr, const NXD_ADDRESS *server, UINT port)
{
    struct sockaddr_storage address;
    int on = 1;
    socklen_t size = nxh_route(server, port, &address);
    ULONG mss = server->nxd_ip_version == NX_IP_VERSION_V4 ? IPV4_MSS : IPV6_MSS;
    int fd = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    socket_ptr->nx_tcp_socket_connect_ip = *server;
    socket_ptr->nx_tcp_socket_connect_port = port;
    socket_ptr->nx_tcp_socket_peer_mss = mss;
    if (socket_ptr->nx_tcp_socket_mss != 0 && socket_ptr->nx_tcp_socket_mss < mss) {
        mss = socket_ptr->nx_tcp_socket_mss;
    }
    socket_ptr->nx_tcp_socket_connect_mss = mss;
    socket_ptr->nx_tcp_socket_host_sent = socket_ptr->nx_tcp_socket_host_acked = 0;
    socket_ptr->nx_tcp_socket_host_taken = 0;
    if (fd < 0) {
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    socket_ptr->nx_tcp_socket_host_fd = fd;
    socket_ptr->nx_tcp_socket_state = NX_TCP_SYN_SENT;
    if (connect(fd, (struct sockaddr *)&address, size) != 0 && errno != EINPROGRESS) {
        nxh_socket_close(socket_ptr, true);
    }
}

static UINT wait_for_connection(NX_TCP_SOCKET *socket, ULONG wait_option)
{
    struct nxh_wait wait = nxh_wait_begin(wait_option, TX_TCP_IP);
    nxh_socket_refresh(socket);
    while (socket->nx_tcp_socket_state == NX_TCP_SYN_SENT) {
        if (wait.none) {
            return NX_IN_PROGRESS;
        }
        enum nxh_wake wake = nxh_socket_wait(socket, &wait, POLLOUT);
        nxh_socket_refresh(socket);
        if (wake != NXH_AGAIN && socket->nx_tcp_socket_state == NX_TCP_SYN_SENT) {
            nxh_socket_close(socket, true);
            return wake == NXH_ABORTED ? NX_WAIT_ABORTED : NX_NOT_CONNECTED;
        }
    }
    return nxh_socket_connected(socket) ? NX_SUCCESS : NX_NOT_CONNECTED;
}

UINT nxd_tcp_client_socket_connect(NX_TCP_SOCKET *socket_ptr, NXD_ADDRESS *server_ip, UINT server_port,
                                   ULONG wait_option)
{
    UINT status = nxh_enter("nxd_tcp_client_socket_connect", NXH_THREADS, NX_NOT_CONNECTED);
    if (status != NX_SUCCESS) {
        return status;
    }
    if (!nxh_socket_valid(socket_ptr) || server_ip == NULL) {
        return nxh_leave(NX_PTR_ERROR);
    }
    if (server_port == 0 || server_port > NX_MAX_PORT) {
        return nxh_leave(NX_INVALID_PORT);
    }
    status = judge_address(socket_ptr->nx_tcp_socket_ip_ptr, server_ip);
    if (status != NX_SUCCESS) {
        return nxh_leave(status);
    }
    nxh_socket_refresh(socket_ptr);
    if (socket_ptr->nx_tcp_socket_port == 0) {
        return nxh_leave(NX_NOT_BOUND);
    }
    if (socket_ptr->nx_tcp_socket_state != NX_TCP_CLOSED) {
        return nxh_leave(NX_NOT_CLOSED);
    }
    begin(socket_ptr, server_ip, server_port);
    return nxh_leave(wait_for_connection(socket_ptr, wait_option));
}

UINT nx_tcp_client_socket_connect(NX_TCP_SOCKET *socket_ptr, ULONG server_ip, UINT server_port, ULONG wait_option)
{
    NXD_ADDRESS server;
    memset(&server, 0, sizeof server);
    server.nxd_ip_version = NX_IP_VERSION_V4;
    server.nxd_ip_address.v4 = server_ip;
    return nxd_tcp_client_socket_connect(socket_ptr, &server, server_port, wait_option);
}

/* True when the peer has all that was sent and, unless it ended first, has ended too; what it still sends is lost. */
static bool ended(NX_TCP_SOCKET *socket)
{
    char lost[512];
    ssize_t n = 1;
    while (n > 0 && !nxh_shape.drop) {
        n = recv(socket->nx_tcp_socket_host_fd, lost, sizeof lost, MSG_DONTWAIT);
    }
    if (n < 0) {
        return errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR;
    }
    return n == 0 && socket->nx_tcp_socket_transmit_sent_count == 0;
}

static UINT finish(NX_TCP_SOCKET *socket, ULONG wait_option)
{
    struct nxh_wait wait = nxh_wait_begin(wait_option, TX_TCP_IP);
    shutdown(socket->nx_tcp_socket_host_fd, SHUT_WR);
    while (nxh_socket_connected(socket) && !ended(socket)) {
        bool peer_ended = socket->nx_tcp_socket_state == NX_TCP_CLOSE_WAIT;
        enum nxh_wake wake = peer_ended ? nxh_wait_slice(&wait) : nxh_socket_wait(socket, &wait, POLLIN);
        nxh_socket_refresh(socket);
        if (wake != NXH_AGAIN) {
            nxh_socket_close(socket, true);
            return wake == NXH_ABORTED ? NX_WAIT_ABORTED : NX_DISCONNECT_FAILED;
        }
    }
    nxh_socket_close(socket, false);
    return NX_SUCCESS;
}

UINT nx_tcp_socket_disconnect(NX_TCP_SOCKET *socket_ptr, ULONG wait_option)
{
    UINT status = nxh_enter("nx_tcp_socket_disconnect", NXH_THREADS, NX_DISCONNECT_FAILED);
    if (status != NX_SUCCESS) {
        return status;
    }
    if (!nxh_socket_valid(socket_ptr)) {
        return nxh_leave(NX_PTR_ERROR);
    }
    nxh_socket_refresh(socket_ptr);
    if (socket_ptr->nx_tcp_socket_state == NX_TCP_SYN_SENT ||
        (wait_option == NX_NO_WAIT && nxh_socket_connected(socket_ptr))) {
        nxh_socket_close(socket_ptr, true);
        return nxh_leave(NX_SUCCESS);
    }
    if (!nxh_socket_connected(socket_ptr)) {
        return nxh_leave(NX_NOT_CONNECTED);
    }
    return nxh_leave(finish(socket_ptr, wait_option));
}
