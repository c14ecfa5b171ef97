/* TCP client sockets: connections, what is sent, what is received, and how it ends. */
#include "rig.h"

static struct rig rig;
static TX_THREAD self;

static void walks_through_the_states(void)
{
    ULONG mss, address, port, state;
    UINT local;
    rig_open(&rig, 512, 4);
    CHECK_STATUS(nx_tcp_client_socket_port_get(&rig.socket, &local), NX_SUCCESS);
    CHECK(local >= NX_SEARCH_PORT_START && local <= NX_MAX_PORT);
    CHECK_STATUS(nx_tcp_client_socket_bind(&rig.socket, NX_ANY_PORT, 0), NX_ALREADY_BOUND);
    CHECK_STATUS(nx_tcp_socket_delete(&rig.socket), NX_STILL_BOUND);
    CHECK_STATUS(nx_tcp_socket_disconnect(&rig.socket, 0), NX_NOT_CONNECTED);
    CHECK_STATUS(nx_tcp_socket_peer_info_get(&rig.socket, &address, &port), NX_NOT_CONNECTED);
    rig_connect(&rig);
    CHECK_STATUS(nx_tcp_client_socket_connect(&rig.socket, PEER_ADDRESS, PEER_PORT, 100), NX_NOT_CLOSED);
    CHECK_STATUS(nx_tcp_client_socket_unbind(&rig.socket), NX_NOT_CLOSED);
    CHECK_STATUS(nx_tcp_socket_mss_get(&rig.socket, &mss), NX_SUCCESS);
    CHECK_NUMBER(mss, 1460);
    CHECK_STATUS(nx_tcp_socket_peer_info_get(&rig.socket, &address, &port), NX_SUCCESS);
    CHECK(address == PEER_ADDRESS && port == PEER_PORT); /* not those of the loopback */
    rig_peer_close(&rig, false);
    CHECK_STATUS(nx_tcp_socket_state_wait(&rig.socket, NX_TCP_CLOSE_WAIT, 100), NX_SUCCESS);
    CHECK_STATUS(nx_tcp_socket_disconnect(&rig.socket, 100), NX_SUCCESS);
    CHECK_STATUS(nx_tcp_socket_info_get(&rig.socket, 0, 0, 0, 0, 0, 0, 0, &state, 0, 0, 0), NX_SUCCESS);
    CHECK_NUMBER(state, NX_TCP_CLOSED);
    CHECK_STATUS(nx_tcp_client_socket_unbind(&rig.socket), NX_SUCCESS);
    CHECK_STATUS(nx_tcp_client_socket_unbind(&rig.socket), NX_NOT_BOUND);
    CHECK_STATUS(nx_tcp_client_socket_connect(&rig.socket, PEER_ADDRESS, PEER_PORT, 100), NX_NOT_BOUND);
    CHECK_STATUS(nx_tcp_client_socket_bind(&rig.socket, 4711, 0), NX_SUCCESS);
    rig_connect(&rig);
    rig_close(&rig);
}

static void refuses_wrong_arguments(void)
{
    NXD_ADDRESS server;
    NX_TCP_SOCKET other;
    NX_PACKET *packet;
    memset(&server, 0, sizeof server);
    memset(&other, 0, sizeof other);
    rig_open(&rig, 512, 4);
    server.nxd_ip_version = 5;
    CHECK_STATUS(nxd_tcp_client_socket_connect(&rig.socket, &server, PEER_PORT, 0), NX_IP_ADDRESS_ERROR);
    server.nxd_ip_version = NX_IP_VERSION_V4;
    CHECK_STATUS(nxd_tcp_client_socket_connect(&rig.socket, &server, PEER_PORT, 0), NX_IP_ADDRESS_ERROR);
    server.nxd_ip_address.v4 = PEER_ADDRESS;
    CHECK_STATUS(nxd_tcp_client_socket_connect(&rig.socket, &server, 0, 0), NX_INVALID_PORT);
    CHECK_STATUS(nxd_tcp_client_socket_connect(&rig.socket, NX_NULL, 25, 0), NX_PTR_ERROR);
    CHECK_STATUS(nxd_tcp_client_socket_connect(&other, &server, 25, 0), NX_PTR_ERROR);
    CHECK_STATUS(nx_tcp_socket_delete(&other), NX_NOT_CREATED);
    CHECK_STATUS(nx_tcp_socket_receive(&other, &packet, 0), NX_PTR_ERROR);
    CHECK_STATUS(nx_tcp_socket_create(&rig.ip, &other, (CHAR *)"o", 0, 0, 0, 1460, 0, 0), NX_OPTION_ERROR);
    CHECK_STATUS(nx_tcp_socket_create(&rig.ip, &rig.socket, (CHAR *)"o", 0, 0, 1, 1460, 0, 0), NX_PTR_ERROR);
    CHECK_STATUS(nx_tcp_enable(&rig.ip), NX_ALREADY_ENABLED);
    CHECK_STATUS(rig_send(&rig, "x", 1, 0), NX_NOT_CONNECTED);
    CHECK_STATUS(nx_tcp_socket_receive(&rig.socket, &packet, 0), NX_NOT_CONNECTED);
    CHECK_STATUS(nx_ip_delete(&rig.ip), NX_SOCKETS_BOUND);
    rig_close(&rig);
}

static void is_refused_where_nobody_listens(void)
{
    rig_open(&rig, 512, 4);
    CHECK_STATUS(nx_host_route(PEER_ADDRESS, 26, 1), NX_SUCCESS);
    CHECK_STATUS(nx_tcp_client_socket_connect(&rig.socket, PEER_ADDRESS, 26, 100), NX_NOT_CONNECTED);
    CHECK_NUMBER(rig.socket.nx_tcp_socket_state, NX_TCP_CLOSED);
    rig_connect(&rig); /* and can be used again */
    rig_close(&rig);
}

static void sends_what_arrives(void)
{
    char buffer[2000], data[1400];
    struct nx_host_traffic traffic;
    NX_PACKET *packet;
    memset(data, 'd', sizeof data);
    rig_open(&rig, 1568, 4);
    rig_connect(&rig);
    CHECK_STATUS(rig_send(&rig, "EHLO x\r\n", 8, 100), NX_SUCCESS);
    CHECK_STATUS(rig_send(&rig, data, sizeof data, 100), NX_SUCCESS);
    CHECK_NUMBER(rig_peer_read(&rig, buffer, 1408), 1408);
    CHECK(memcmp(buffer, "EHLO x\r\n", 8) == 0 && memcmp(buffer + 8, data, sizeof data) == 0);
    nx_host_traffic_get(&traffic);
    CHECK(traffic.sends == 2 && traffic.octets_sent == 1408 && traffic.largest_send == 1400);
    CHECK(traffic.chained_sends == 0 && traffic.long_sends == 0 && traffic.connections == 1);
    CHECK_STATUS(nx_packet_allocate(&rig.pool, &packet, 0, 0), NX_SUCCESS);
    CHECK_STATUS(nx_tcp_socket_send(&rig.socket, packet, 0), NX_UNDERFLOW); /* no room for headers */
    CHECK_STATUS(nx_packet_release(packet), NX_SUCCESS);
    rig_close(&rig);
}

#ifndef NX_DISABLE_PACKET_CHAIN
static void sends_a_chain_longer_than_a_segment(void)
{
    char data[3000], buffer[3000];
    struct nx_host_traffic traffic;
    memset(data, 'c', sizeof data);
    rig_open(&rig, 512, 8);
    rig_connect(&rig);
    CHECK_STATUS(rig_send(&rig, data, sizeof data, 100), NX_SUCCESS);
    CHECK_NUMBER(rig_peer_read(&rig, buffer, sizeof buffer), sizeof buffer);
    CHECK(memcmp(data, buffer, sizeof data) == 0);
    nx_host_traffic_get(&traffic);
    CHECK(traffic.sends == 1 && traffic.chained_sends == 1 && traffic.long_sends == 1);
    rig_close(&rig);
}
#endif

static void gives_what_came_before_the_end(void)
{
    NX_PACKET *packet;
    ULONG there;
    rig_open(&rig, 512, 4);
    rig_connect(&rig);
    rig_peer_write(&rig, "421 bye\r\n", 9);
    rig_peer_close(&rig, false);
    CHECK_STATUS(nx_tcp_socket_receive(&rig.socket, &packet, 100), NX_SUCCESS);
    CHECK_NUMBER(packet->nx_packet_length, 9);
    CHECK_STATUS(nx_packet_release(packet), NX_SUCCESS);
    CHECK_STATUS(nx_tcp_socket_bytes_available(&rig.socket, &there), NX_SUCCESS);
    CHECK_NUMBER(there, 0);
    CHECK_STATUS(nx_tcp_socket_receive(&rig.socket, &packet, NX_WAIT_FOREVER), NX_NOT_CONNECTED);
    rig_close(&rig);
}

static void notices_a_reset(void)
{
    NX_PACKET *packet;
    rig_open(&rig, 512, 4);
    rig_connect(&rig);
    rig_peer_close(&rig, true);
    CHECK_STATUS(nx_tcp_socket_receive(&rig.socket, &packet, NX_WAIT_FOREVER), NX_NOT_CONNECTED);
    CHECK_STATUS(rig_send(&rig, "x", 1, 100), NX_NOT_CONNECTED);
    CHECK_STATUS(nx_tcp_socket_disconnect(&rig.socket, 100), NX_NOT_CONNECTED);
    rig_close(&rig);
}

static void waits_for_data_in_ticks(void)
{
    NX_PACKET *packet;
    rig_open(&rig, 512, 4);
    rig_connect(&rig);
    CHECK_STATUS(nx_tcp_socket_receive(&rig.socket, &packet, NX_NO_WAIT), NX_NO_PACKET);
    nx_host_tick(100);
    ULONG before = tx_time_get();
    CHECK_STATUS(nx_tcp_socket_receive(&rig.socket, &packet, 300), NX_NO_PACKET);
    CHECK(tx_time_get() - before >= 300);
    rig_close(&rig);
}

static void keeps_sent_packets_until_they_are_acknowledged(void)
{
    struct nx_host_shape withhold = {0, 0, 0, 0, 0, 1, 0};
    struct nx_host_shape none = {0, 0, 0, 0, 0, 0, 0};
    NX_PACKET *packet;
    rig_open(&rig, 512, 2);
    rig_connect(&rig);
    nx_host_shape_set(&withhold);
    CHECK_STATUS(rig_send(&rig, "a", 1, 0), NX_SUCCESS);
    CHECK_STATUS(rig_send(&rig, "b", 1, 0), NX_SUCCESS);
    CHECK(nx_host_packets_out(&rig.pool) == 0 && nx_host_packets_waiting(&rig.pool) == 2);
    CHECK_STATUS(nx_packet_allocate(&rig.pool, &packet, NX_TCP_PACKET, 2), NX_NO_PACKET);
    nx_host_shape_set(&none);
    CHECK_STATUS(nx_packet_allocate(&rig.pool, &packet, NX_TCP_PACKET, 100), NX_SUCCESS);
    CHECK_STATUS(nx_packet_release(packet), NX_SUCCESS);
    nx_host_shape_set(&withhold);
    CHECK_STATUS(rig_send(&rig, "c", 1, 0), NX_SUCCESS);
    CHECK_STATUS(nx_tcp_socket_transmit_configure(&rig.socket, 1, 100, 1, 0), NX_SUCCESS);
    CHECK_STATUS(rig_send(&rig, "d", 1, 0), NX_TX_QUEUE_DEPTH);
    CHECK_STATUS(nx_tcp_socket_disconnect(&rig.socket, 2), NX_DISCONNECT_FAILED);
    CHECK_NUMBER(nx_host_packets_waiting(&rig.pool), 0); /* the queue goes with the connection */
    rig_close(&rig);
}

static void tells_the_release_of_a_sent_packet(void)
{
    struct nx_host_shape withhold = {0, 0, 0, 0, 0, 1, 0};
    NX_PACKET *packet, *stale;
    rig_open(&rig, 512, 2);
    rig_connect(&rig);
    nx_host_shape_set(&withhold);
    nx_host_quiet(1);
    CHECK_STATUS(nx_packet_allocate(&rig.pool, &packet, NX_TCP_PACKET, 0), NX_SUCCESS);
    CHECK_STATUS(nx_packet_data_append(packet, (VOID *)&rig, 5, &rig.pool, 0), NX_SUCCESS);
    stale = packet;
    CHECK_STATUS(nx_tcp_socket_send(&rig.socket, packet, 0), NX_SUCCESS);
    CHECK_STATUS(nx_packet_release(stale), NX_PTR_ERROR);
    CHECK_NUMBER(nx_host_violations(), 1);
    nx_host_reset();
    rig_close(&rig);
}

/* NetX Duo sends what the window takes; the packet then holds the rest. */
static void stops_at_the_window(void)
{
    struct nx_host_shape small = {0, 0, 0, 0, 100, 1, 0};
    char octets[300], buffer[400];
    NX_PACKET *packet;
    memset(octets, 'w', sizeof octets);
    rig_open(&rig, 512, 4);
    rig_connect(&rig);
    nx_host_shape_set(&small);
    CHECK_STATUS(rig_send(&rig, octets, 100, 0), NX_SUCCESS);
    CHECK_STATUS(rig_send(&rig, octets, 1, 2), NX_WINDOW_OVERFLOW);
    small.withhold = 0;
    nx_host_shape_set(&small);
    CHECK_STATUS(rig_send(&rig, octets, 150, 100), NX_SUCCESS);
    small.withhold = 1;
    nx_host_shape_set(&small);
    CHECK_STATUS(nx_packet_allocate(&rig.pool, &packet, NX_TCP_PACKET, 0), NX_SUCCESS);
    CHECK_STATUS(nx_packet_data_append(packet, octets, 30, &rig.pool, 0), NX_SUCCESS);
    UINT status = NX_SUCCESS;
    ULONG sent = 250;
    while ((status = nx_tcp_socket_send(&rig.socket, packet, 0)) == NX_SUCCESS) {
        sent += 30;
        CHECK_STATUS(nx_packet_allocate(&rig.pool, &packet, NX_TCP_PACKET, 0), NX_SUCCESS);
        CHECK_STATUS(nx_packet_data_append(packet, octets, 30, &rig.pool, 0), NX_SUCCESS);
    }
    CHECK_STATUS(status, NX_WINDOW_OVERFLOW);
    sent += 30 - packet->nx_packet_length;
    CHECK_STATUS(nx_packet_release(packet), NX_SUCCESS);
    CHECK_NUMBER(rig_peer_read(&rig, buffer, sent < sizeof buffer ? sent : 0), sent);
    rig_close(&rig);
}

static void drops_on_demand(void)
{
    struct nx_host_shape drop = {0, 0, 0, 0, 0, 0, 1};
    NX_PACKET *packet;
    rig_open(&rig, 512, 4);
    rig_connect(&rig);
    nx_host_shape_set(&drop);
    rig_peer_write(&rig, "220 x\r\n", 7);
    CHECK_STATUS(nx_tcp_socket_receive(&rig.socket, &packet, 5), NX_NO_PACKET);
    CHECK_STATUS(nx_tcp_socket_disconnect(&rig.socket, 5), NX_DISCONNECT_FAILED);
    rig_close(&rig);
}

static void may_not_be_used_without_a_thread(void)
{
    NX_PACKET *packet = NULL;
    rig_open(&rig, 512, 4);
    nx_host_quiet(1);
    nx_host_thread_leave();
    CHECK(tx_thread_identify() == NULL);
    CHECK_STATUS(nx_tcp_client_socket_connect(&rig.socket, PEER_ADDRESS, PEER_PORT, 100), NX_CALLER_ERROR);
    CHECK_STATUS(nx_tcp_socket_receive(&rig.socket, &packet, 0), NX_CALLER_ERROR);
    CHECK_STATUS(nx_packet_allocate(&rig.pool, &packet, NX_TCP_PACKET, 1), NX_CALLER_ERROR);
    CHECK_STATUS(nx_packet_allocate(&rig.pool, &packet, NX_TCP_PACKET, 0), NX_SUCCESS);
    CHECK_STATUS(nx_packet_release(packet), NX_SUCCESS);
    CHECK_NUMBER(nx_host_violations(), 3);
    nx_host_thread_adopt(&self, (CHAR *)"sockets");
    nx_host_reset();
    rig_close(&rig);
}

/* A little client; what it holds when a call fails it gives back. */
static UINT converse(void)
{
    NX_PACKET *packet;
    char quit[6];
    UINT status = nx_tcp_client_socket_connect(&rig.socket, PEER_ADDRESS, PEER_PORT, 100);
    if (status != NX_SUCCESS) {
        return status;
    }
    rig.connection = accept(rig.listener, NULL, NULL);
    rig_peer_write(&rig, "220 x\r\n", 7);
    status = nx_tcp_socket_receive(&rig.socket, &packet, 100);
    if (status == NX_SUCCESS) {
        status = nx_packet_release(packet);
    }
    if (status == NX_SUCCESS) {
        status = rig_send(&rig, "QUIT\r\n", 6, 100);
    }
    if (status == NX_SUCCESS) {
        CHECK_NUMBER(rig_peer_read(&rig, quit, sizeof quit), sizeof quit);
    }
    rig_peer_close(&rig, false);
    UINT disconnected = nx_tcp_socket_disconnect(&rig.socket, 100);
    return status != NX_SUCCESS ? status : disconnected;
}

static void every_call_fails_once(void)
{
    rig_open(&rig, 512, 4);
    CHECK_STATUS(converse(), NX_SUCCESS);
    nx_host_fail_at(0, 0);
    CHECK_STATUS(converse(), NX_SUCCESS);
    ULONG calls = nx_host_calls();
    CHECK_NUMBER(calls, 7);
    for (ULONG k = 1; k <= calls; k++) {
        nx_host_fail_at(k, NX_HOST_TYPICAL);
        CHECK(converse() != NX_SUCCESS);
        CHECK(nx_host_failed() != NULL);
        nx_host_fail_at(0, 0);
        (void)nx_tcp_socket_disconnect(&rig.socket, NX_NO_WAIT);
        CHECK_NUMBER(nx_host_packets_out(&rig.pool), 0);
        CHECK_STATUS(converse(), NX_SUCCESS);
    }
    rig_close(&rig);
}

#ifdef FEATURE_NX_IPV6
static void connects_by_ipv6(void)
{
    NXD_ADDRESS server, own;
    UINT index;
    ULONG port;
    memset(&server, 0, sizeof server);
    server.nxd_ip_version = NX_IP_VERSION_V6;
    server.nxd_ip_address.v6[0] = 0x20010DB8;
    server.nxd_ip_address.v6[3] = 1;
    own = server;
    own.nxd_ip_address.v6[3] = 2;
    rig_open(&rig, 512, 4);
    CHECK_STATUS(nxd_tcp_client_socket_connect(&rig.socket, &server, 25, 100), NX_NO_INTERFACE_ADDRESS);
    CHECK_STATUS(nxd_ipv6_enable(&rig.ip), NX_SUCCESS);
    CHECK_STATUS(nxd_icmp_enable(&rig.ip), NX_SUCCESS);
    CHECK_STATUS(nxd_ipv6_address_set(&rig.ip, 0, &own, 64, &index), NX_SUCCESS);
    CHECK_STATUS(nx_host_route_v6(server.nxd_ip_address.v6, 26, 1), NX_SUCCESS);
    CHECK_STATUS(nxd_tcp_client_socket_connect(&rig.socket, &server, 26, 100), NX_NOT_CONNECTED);
    char rule[64];
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    CHECK(getsockname(rig.listener, (struct sockaddr *)&address, &size) == 0);
    snprintf(rule, sizeof rule, " [2001:db8::1]:25=127.0.0.1:%u ", ntohs(address.sin_port));
    CHECK_STATUS(nx_host_routes(rule), NX_SUCCESS);
    CHECK_STATUS(nxd_tcp_client_socket_connect(&rig.socket, &server, 25, 100), NX_SUCCESS);
    rig.connection = accept(rig.listener, NULL, NULL);
    CHECK_STATUS(nxd_tcp_socket_peer_info_get(&rig.socket, &own, &port), NX_SUCCESS);
    CHECK(memcmp(own.nxd_ip_address.v6, server.nxd_ip_address.v6, 16) == 0 && port == 25);
    rig_close(&rig);
}
#endif

static void reads_routes(void)
{
    nx_host_reset();
    CHECK_STATUS(nx_host_routes(""), NX_SUCCESS);
    CHECK_STATUS(nx_host_routes("1.2.3.4:25=127.0.0.1:2525 *:0=[::1]:0"), NX_SUCCESS);
    CHECK_STATUS(nx_host_routes("1.2.3.4:25"), NX_OPTION_ERROR);
    CHECK_STATUS(nx_host_routes("1.2.3.4=127.0.0.1:25"), NX_OPTION_ERROR);
    CHECK_STATUS(nx_host_routes("1.2.3.4:25=*:25"), NX_OPTION_ERROR);
    CHECK_STATUS(nx_host_routes("1.2.3.4:25=127.0.0.1:65536"), NX_OPTION_ERROR);
    CHECK_STATUS(nx_host_routes("[1.2.3.4]:25=127.0.0.1:1"), NX_OPTION_ERROR);
    nx_host_reset();
}

int main(void)
{
    nx_host_thread_adopt(&self, (CHAR *)"sockets");
    RUN(walks_through_the_states);
    RUN(refuses_wrong_arguments);
    RUN(is_refused_where_nobody_listens);
    RUN(sends_what_arrives);
#ifndef NX_DISABLE_PACKET_CHAIN
    RUN(sends_a_chain_longer_than_a_segment);
#endif
    RUN(gives_what_came_before_the_end);
    RUN(notices_a_reset);
    RUN(waits_for_data_in_ticks);
    RUN(keeps_sent_packets_until_they_are_acknowledged);
    RUN(tells_the_release_of_a_sent_packet);
    RUN(stops_at_the_window);
    RUN(drops_on_demand);
    RUN(may_not_be_used_without_a_thread);
    RUN(every_call_fails_once);
#ifdef FEATURE_NX_IPV6
    RUN(connects_by_ipv6);
#endif
    RUN(reads_routes);
    return CHECK_EXIT();
}
