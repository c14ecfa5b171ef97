/* How received octets come in packets: split, cut, padded, chained, or not at all. */
#include "rig.h"

static struct rig rig;
static TX_THREAD self;

/* Receives until nothing more comes, and checks how the octets were put into packets. */
static void check_receives(const char *all, ULONG length, ULONG most, ULONG least)
{
    NX_PACKET *packet;
    char octets[2000];
    ULONG taken = 0, copied;
    while (nx_tcp_socket_receive(&rig.socket, &packet, 5) == NX_SUCCESS) {
        CHECK_STATUS(nx_packet_data_retrieve(packet, octets, &copied), NX_SUCCESS);
        CHECK(copied <= most && taken + copied <= length && memcmp(all + taken, octets, copied) == 0);
        taken += copied;
        CHECK(copied >= least || taken == length);
        CHECK_STATUS(nx_packet_release(packet), NX_SUCCESS);
    }
    CHECK_NUMBER(taken, length);
}

static void receives_in_pieces_of_every_size(void)
{
    const char *reply = "250-mail\r\n250-SIZE\r\n250 AUTH PLAIN LOGIN\r\n";
    struct nx_host_shape shape = {0, 0, 0, 0, 0, 0, 0};
    ULONG length = (ULONG)strlen(reply);
    rig_open(&rig, 512, 4);
    rig_connect(&rig);
    for (shape.split = 1; shape.split <= length; shape.split++) {
        nx_host_shape_set(&shape);
        rig_peer_write(&rig, reply, length);
        check_receives(reply, length, shape.split, shape.split);
    }
    rig_close(&rig);
}

static void cuts_a_connection_at_one_octet(void)
{
    struct nx_host_shape shape = {0, 4, 0, 0, 0, 0, 0};
    NX_PACKET *packet;
    rig_open(&rig, 512, 4);
    nx_host_shape_set(&shape);
    rig_connect(&rig);
    rig_peer_write(&rig, "220 hello\r\n", 11);
    CHECK_STATUS(nx_tcp_socket_receive(&rig.socket, &packet, 100), NX_SUCCESS);
    CHECK_NUMBER(packet->nx_packet_length, 4);
    CHECK_STATUS(nx_packet_release(packet), NX_SUCCESS);
    CHECK_STATUS(nx_tcp_socket_receive(&rig.socket, &packet, 100), NX_SUCCESS);
    CHECK_NUMBER(packet->nx_packet_length, 7);
    CHECK_STATUS(nx_packet_release(packet), NX_SUCCESS);
    rig_close(&rig);
}

static void pads_replies_with_nuls(void)
{
    struct nx_host_shape shape = {0, 0, 0, 3, 0, 0, 0};
    NX_PACKET *packet;
    char octets[32];
    ULONG copied;
    rig_open(&rig, 512, 4);
    nx_host_shape_set(&shape);
    rig_connect(&rig);
    rig_peer_write(&rig, "220 x\r\n", 7);
    CHECK_STATUS(nx_tcp_socket_receive(&rig.socket, &packet, 100), NX_SUCCESS);
    CHECK_STATUS(nx_packet_data_retrieve(packet, octets, &copied), NX_SUCCESS);
    CHECK(copied == 10 && memcmp(octets, "220 x\r\n\0\0\0", 10) == 0);
    CHECK_STATUS(nx_packet_release(packet), NX_SUCCESS);
    rig_close(&rig);
}

static void chains_what_a_payload_does_not_hold(void)
{
    struct nx_host_shape shape = {0, 0, 3, 0, 0, 0, 0};
    NX_PACKET *packet;
    char data[300];
    memset(data, 'r', sizeof data);
    rig_open(&rig, 128, 8);
    rig_connect(&rig);
    rig_peer_write(&rig, data, sizeof data);
#ifdef NX_DISABLE_PACKET_CHAIN
    (void)shape;
    (void)packet;
    check_receives(data, sizeof data, 128 - NX_IPv4_TCP_PACKET, 128 - NX_IPv4_TCP_PACKET);
#else
    CHECK_STATUS(nx_tcp_socket_receive(&rig.socket, &packet, 100), NX_SUCCESS);
    CHECK_NUMBER(packet->nx_packet_length, 300);
    CHECK_NUMBER(packet->nx_packet_append_ptr - packet->nx_packet_prepend_ptr, 128 - NX_IPv4_TCP_PACKET);
    CHECK_NUMBER(nx_host_packets_out(&rig.pool), 3);
    CHECK_STATUS(nx_packet_release(packet), NX_SUCCESS);
    nx_host_shape_set(&shape);
    rig_peer_write(&rig, "250 OK\r\n", 8);
    CHECK_STATUS(nx_tcp_socket_receive(&rig.socket, &packet, 100), NX_SUCCESS);
    CHECK_NUMBER(nx_host_packets_out(&rig.pool), 3); /* 3 + 3 + 2 octets */
    CHECK_STATUS(nx_packet_release(packet), NX_SUCCESS);
#endif
    rig_close(&rig);
}

static void receives_nothing_while_the_pool_is_dry(void)
{
    NX_PACKET *kept, *packet;
    rig_open(&rig, 512, 1);
    rig_connect(&rig);
    rig_peer_write(&rig, "220 x\r\n", 7);
    CHECK_STATUS(nx_packet_allocate(&rig.pool, &kept, NX_TCP_PACKET, 0), NX_SUCCESS);
    CHECK_STATUS(nx_tcp_socket_receive(&rig.socket, &packet, 5), NX_NO_PACKET);
    CHECK_STATUS(nx_packet_release(kept), NX_SUCCESS);
    check_receives("220 x\r\n", 7, 7, 7);
    rig_close(&rig);
}

int main(void)
{
    nx_host_thread_adopt(&self, (CHAR *)"receive");
    RUN(receives_in_pieces_of_every_size);
    RUN(cuts_a_connection_at_one_octet);
    RUN(pads_replies_with_nuls);
    RUN(chains_what_a_payload_does_not_hold);
    RUN(receives_nothing_while_the_pool_is_dry);
    return CHECK_EXIT();
}
