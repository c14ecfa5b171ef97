/* Questions about a TCP socket. */
#include <sys/ioctl.h>

#include "host.h"

/* The gate, the pointers and the state of the network, for all of them. */
static UINT enter(const char *service, NX_TCP_SOCKET *socket, const void *destination, UINT typical)
{
    UINT status = nxh_enter(service, NXH_THREADS, typical);
    if (status != NX_SUCCESS) {
        return status;
    }
    if (!nxh_socket_valid(socket) || destination == NULL) {
        return nxh_leave(NX_PTR_ERROR);
    }
    nxh_socket_refresh(socket);
    return NX_SUCCESS;
}

UINT nx_tcp_socket_bytes_available(NX_TCP_SOCKET *socket_ptr, ULONG *bytes_available)
{
    int there = 0;
    UINT status = enter("nx_tcp_socket_bytes_available", socket_ptr, bytes_available, NX_NOT_CONNECTED);
    if (status != NX_SUCCESS) {
        return status;
    }
    *bytes_available = 0;
    if (!nxh_socket_connected(socket_ptr)) {
        return nxh_leave(NX_NOT_CONNECTED);
    }
    if (!nxh_shape.drop && ioctl(socket_ptr->nx_tcp_socket_host_fd, FIONREAD, &there) == 0) {
        *bytes_available = (ULONG)there;
    }
    return nxh_leave(NX_SUCCESS);
}

UINT nx_tcp_socket_mss_get(NX_TCP_SOCKET *socket_ptr, ULONG *mss)
{
    UINT status = enter("nx_tcp_socket_mss_get", socket_ptr, mss, NX_NOT_ENABLED);
    if (status != NX_SUCCESS) {
        return status;
    }
    *mss = nxh_socket_connected(socket_ptr) ? socket_ptr->nx_tcp_socket_connect_mss : socket_ptr->nx_tcp_socket_mss;
    return nxh_leave(NX_SUCCESS);
}

UINT nx_tcp_socket_mss_peer_get(NX_TCP_SOCKET *socket_ptr, ULONG *peer_mss)
{
    UINT status = enter("nx_tcp_socket_mss_peer_get", socket_ptr, peer_mss, NX_NOT_ENABLED);
    if (status != NX_SUCCESS) {
        return status;
    }
    *peer_mss = socket_ptr->nx_tcp_socket_peer_mss;
    return nxh_leave(NX_SUCCESS);
}

UINT nx_tcp_socket_mss_set(NX_TCP_SOCKET *socket_ptr, ULONG mss)
{
    UINT status = enter("nx_tcp_socket_mss_set", socket_ptr, socket_ptr, NX_SIZE_ERROR);
    if (status != NX_SUCCESS) {
        return status;
    }
    if (mss > 1460) {
        return nxh_leave(NX_SIZE_ERROR);
    }
    socket_ptr->nx_tcp_socket_mss = mss;
    return nxh_leave(NX_SUCCESS);
}

UINT nxd_tcp_socket_peer_info_get(NX_TCP_SOCKET *socket_ptr, NXD_ADDRESS *peer_ip_address, ULONG *peer_port)
{
    UINT status = enter("nxd_tcp_socket_peer_info_get", socket_ptr, peer_ip_address, NX_NOT_CONNECTED);
    if (status != NX_SUCCESS) {
        return status;
    }
    if (peer_port == NULL) {
        return nxh_leave(NX_PTR_ERROR);
    }
    if (!nxh_socket_connected(socket_ptr)) {
        return nxh_leave(NX_NOT_CONNECTED);
    }
    *peer_ip_address = socket_ptr->nx_tcp_socket_connect_ip;
    *peer_port = socket_ptr->nx_tcp_socket_connect_port;
    return nxh_leave(NX_SUCCESS);
}

UINT nx_tcp_socket_peer_info_get(NX_TCP_SOCKET *socket_ptr, ULONG *peer_ip_address, ULONG *peer_port)
{
    NXD_ADDRESS peer;
    memset(&peer, 0, sizeof peer);
    if (peer_ip_address == NULL) {
        return NX_PTR_ERROR;
    }
    UINT status = nxd_tcp_socket_peer_info_get(socket_ptr, &peer, peer_port);
    if (status != NX_SUCCESS) {
        return status;
    }
    *peer_ip_address = peer.nxd_ip_version == NX_IP_VERSION_V4 ? peer.nxd_ip_address.v4 : 0;
    return *peer_ip_address != 0 ? NX_SUCCESS : NX_NOT_CONNECTED;
}

UINT nx_tcp_socket_state_wait(NX_TCP_SOCKET *socket_ptr, UINT desired_state, ULONG wait_option)
{
    UINT status = enter("nx_tcp_socket_state_wait", socket_ptr, socket_ptr, NX_NOT_SUCCESSFUL);
    if (status != NX_SUCCESS) {
        return status;
    }
    if (desired_state < NX_TCP_CLOSED || desired_state > NX_TCP_LAST_ACK) {
        return nxh_leave(NX_OPTION_ERROR);
    }
    struct nxh_wait wait = nxh_wait_begin(wait_option, TX_TCP_IP);
    while (socket_ptr->nx_tcp_socket_state != desired_state) {
        enum nxh_wake wake = nxh_wait_slice(&wait);
        if (wake != NXH_AGAIN) {
            return nxh_leave(wake == NXH_ABORTED ? NX_WAIT_ABORTED : NX_NOT_SUCCESSFUL);
        }
        nxh_socket_refresh(socket_ptr);
    }
    return nxh_leave(NX_SUCCESS);
}

UINT nx_tcp_socket_transmit_configure(NX_TCP_SOCKET *socket_ptr, ULONG max_queue_depth, ULONG timeout,
                                      ULONG max_retries, ULONG timeout_shift)
{
    UINT status = enter("nx_tcp_socket_transmit_configure", socket_ptr, socket_ptr, NX_OPTION_ERROR);
    if (status != NX_SUCCESS) {
        return status;
    }
    (void)max_retries;
    (void)timeout_shift;
    if (max_queue_depth == 0 || timeout == 0) {
        return nxh_leave(NX_OPTION_ERROR);
    }
    socket_ptr->nx_tcp_socket_transmit_queue_maximum = max_queue_depth;
    return nxh_leave(NX_SUCCESS);
}

/* Any destination may be NULL. */
UINT nx_tcp_socket_info_get(NX_TCP_SOCKET *socket_ptr, ULONG *tcp_packets_sent, ULONG *tcp_bytes_sent,
                            ULONG *tcp_packets_received, ULONG *tcp_bytes_received, ULONG *tcp_retransmit_packets,
                            ULONG *tcp_packets_queued, ULONG *tcp_checksum_errors, ULONG *tcp_socket_state,
                            ULONG *tcp_transmit_queue_depth, ULONG *tcp_transmit_window, ULONG *tcp_receive_window)
{
    ULONG nowhere;
    UINT status = enter("nx_tcp_socket_info_get", socket_ptr, socket_ptr, NX_PTR_ERROR);
    if (status != NX_SUCCESS) {
        return status;
    }
    *(tcp_packets_sent ? tcp_packets_sent : &nowhere) = socket_ptr->nx_tcp_socket_packets_sent;
    *(tcp_bytes_sent ? tcp_bytes_sent : &nowhere) = socket_ptr->nx_tcp_socket_bytes_sent;
    *(tcp_packets_received ? tcp_packets_received : &nowhere) = socket_ptr->nx_tcp_socket_packets_received;
    *(tcp_bytes_received ? tcp_bytes_received : &nowhere) = socket_ptr->nx_tcp_socket_bytes_received;
    *(tcp_retransmit_packets ? tcp_retransmit_packets : &nowhere) = 0;
    *(tcp_packets_queued ? tcp_packets_queued : &nowhere) = 0;
    *(tcp_checksum_errors ? tcp_checksum_errors : &nowhere) = 0;
    *(tcp_socket_state ? tcp_socket_state : &nowhere) = socket_ptr->nx_tcp_socket_state;
    *(tcp_transmit_queue_depth ? tcp_transmit_queue_depth : &nowhere) = socket_ptr->nx_tcp_socket_transmit_sent_count;
    *(tcp_transmit_window ? tcp_transmit_window : &nowhere) = nxh_socket_window(socket_ptr);
    *(tcp_receive_window ? tcp_receive_window : &nowhere) = socket_ptr->nx_tcp_socket_rx_window_default;
    return nxh_leave(NX_SUCCESS);
}
