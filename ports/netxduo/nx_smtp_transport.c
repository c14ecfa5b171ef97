/*
 * The conversation over a TCP socket of NetX Duo. One packet is one segment: the session writes straight into its
 * payload, up to what the peer takes in one segment, and nothing is chained.
 */
#include "nx_smtp_internal.h"

#include "nx_tcp.h"

enum {
    HELD_MAX = 4,
    QUICK = 5 /* slices of a second: what comes in while the window is full waits no longer */
};

static const char terminator[] = "\r\n.\r\n";

/* The connection is of no use any more. `unsent` octets of what the session wrote never left. */
static void give_up(NX_SMTP_CLIENT *client, UINT status, size_t unsent)
{
    struct postino_session *s = postino_nx_session(client);
    if (!s->closed)
        client->nx_smtp_client_mail_status = status;
    postino_session_lost(s, POSTINO_REASON_LOST, unsent);
}

/* Takes what is there, or what comes within `wait` ticks. */
static void hear(NX_SMTP_CLIENT *client, ULONG wait)
{
    NX_PACKET *packet;
    UINT status = postino_nx_layer(client)->receive(&client->nx_smtp_client_socket, &packet, wait);
    if (status) {
        if (wait || status != NX_NO_PACKET)
            give_up(client, status, 0);
        return;
    }
    const NX_PACKET *part = packet;
    do {
        postino_session_input(postino_nx_session(client), part->nx_packet_prepend_ptr,
                              (size_t)(part->nx_packet_append_ptr - part->nx_packet_prepend_ptr));
#ifndef NX_DISABLE_PACKET_CHAIN
        part = part->nx_packet_next;
#else
        part = NX_NULL;
#endif
    } while (part);
    nx_packet_release(packet);
}

/* Writes what goes into one segment; returns how many octets of its end are held back: those that may begin the
 * terminator, so that its last five octets are never split between two segments. They begin the next one. */
static UINT fill(NX_SMTP_CLIENT *client, NX_PACKET *packet, UINT held)
{
    struct postino_session *s = postino_nx_session(client);
    char *begin = (char *)packet->nx_packet_prepend_ptr;
    size_t room = (size_t)(packet->nx_packet_data_end - packet->nx_packet_prepend_ptr);
    ULONG mss = (ULONG)room;
    nx_tcp_socket_mss_get(&client->nx_smtp_client_socket, &mss);
    if (mss < room)
        room = mss;
    if (room <= HELD_MAX + postino_nx_layer(client)->overhead)
        return held;
    room -= postino_nx_layer(client)->overhead;
    memcpy(begin, terminator, held);
    size_t length = held + postino_session_output(s, begin + held, room - held);
    held = 0;
    if (length == room && postino_session_need(s) == POSTINO_NEED_SEND) {
        held = HELD_MAX;
        while (memcmp(begin + length - held, terminator, held) != 0)
            held--;
        length -= held;
    }
    packet->nx_packet_length = (ULONG)length;
    packet->nx_packet_append_ptr = packet->nx_packet_prepend_ptr + length;
    return held;
}

/* Sends the packet, and hears meanwhile, so that two full windows do not wait for each other. */
static UINT send_packet(NX_SMTP_CLIENT *client, NX_PACKET *packet)
{
    const ULONG slice = NX_IP_PERIODIC_RATE / QUICK + 1;
    UINT status;
    for (ULONG waited = 0;; waited += slice) {
        hear(client, NX_NO_WAIT);
        if (postino_nx_session(client)->closed)
            return NX_NOT_CONNECTED;
        status = postino_nx_layer(client)->send(&client->nx_smtp_client_socket, packet, slice);
        if (!status || status == NX_NOT_CONNECTED || status == NX_SMTP_TRANSMIT_ERROR)
            return status;
        if (waited >= NX_SMTP_CLIENT_SEND_TIMEOUT)
            return NX_SMTP_TRANSMIT_ERROR;
    }
}

UINT postino_nx_allocate(NX_SMTP_CLIENT *client, NX_PACKET **packet)
{
    return nx_packet_allocate(client->nx_smtp_client_packet_pool_ptr, packet, NX_TCP_PACKET,
                              NX_SMTP_CLIENT_PACKET_TIMEOUT);
}

UINT postino_nx_receive(NX_TCP_SOCKET *socket, NX_PACKET **packet, ULONG wait)
{
    return nx_tcp_socket_receive(socket, packet, wait);
}

UINT postino_nx_send(NX_TCP_SOCKET *socket, NX_PACKET *packet, ULONG wait)
{
    return nx_tcp_socket_send(socket, packet, wait);
}

const struct postino_nx_layer postino_nx_tcp = {postino_nx_allocate, postino_nx_receive, postino_nx_send,
                                                postino_nx_close, 0};

const struct postino_nx_layer *postino_nx_layer(const NX_SMTP_CLIENT *client)
{
    return client->nx_smtp_client_layer;
}

static void speak(NX_SMTP_CLIENT *client, UINT *held)
{
    NX_PACKET *packet;
    UINT status = postino_nx_layer(client)->allocate(client, &packet);
    if (status) {
        give_up(client, status == NX_NOT_CONNECTED ? status : NX_SMTP_PACKET_ALLOCATE_ERROR, *held);
        return;
    }
    status = NX_SMTP_PACKET_ALLOCATE_ERROR;
    *held = fill(client, packet, *held);
    if (packet->nx_packet_length && !postino_nx_session(client)->closed) {
        status = send_packet(client, packet);
        if (!status)
            return;
    }
    give_up(client, status, packet->nx_packet_length + *held);
    nx_packet_release(packet);
}

static ULONG patience(const struct postino_session *s)
{
    enum postino_step step = postino_session_step(s);
    if (step == POSTINO_STEP_GREETING)
        return NX_SMTP_GREETING_TIMEOUT;
    return step == POSTINO_STEP_CONTENT ? NX_SMTP_MESSAGE_TIMEOUT : NX_SMTP_ENVELOPE_TIMEOUT;
}

/* Until a mail is wanted, or the session is closed. The time runs from the last octet that left or the last complete
 * reply, so that a reply in drops does not restart it. */
void postino_nx_converse(NX_SMTP_CLIENT *client)
{
    struct postino_session *s = postino_nx_session(client);
    ULONG since = tx_time_get();
    UINT held = 0;
    for (;;) {
        uint32_t replies = s->replies;
        enum postino_need need = postino_session_need(s);
        if (need == POSTINO_NEED_SEND) {
            speak(client, &held);
        } else if (need == POSTINO_NEED_RECEIVE) {
            ULONG wait = patience(s), past = tx_time_get() - since;
            if (past < wait)
                hear(client, wait - past);
            else
                give_up(client, NX_NO_PACKET, 0);
            if (replies == s->replies)
                continue;
        } else {
            return;
        }
        since = tx_time_get();
    }
}

static void hang_up(NX_SMTP_CLIENT *client, ULONG wait)
{
    nx_tcp_socket_disconnect(&client->nx_smtp_client_socket, wait);
    nx_tcp_client_socket_unbind(&client->nx_smtp_client_socket);
}

/* Whatever state the socket is in: what the peer does not end in time is reset. */
void postino_nx_close(NX_SMTP_CLIENT *client)
{
    hang_up(client, NX_SMTP_CLIENT_DISCONNECT_TIMEOUT);
    hang_up(client, NX_NO_WAIT);
}

/* Half of the pool may be in flight: acknowledgements come in packets, as a rule of the same pool, and where none is
 * left for them nothing is ever released. */
static void bound_flight(NX_SMTP_CLIENT *client)
{
    ULONG depth = 0;
    nx_packet_pool_info_get(client->nx_smtp_client_packet_pool_ptr, &depth, NX_NULL, NX_NULL, NX_NULL, NX_NULL);
    depth = depth > 3 ? depth / 2 : 1; /* and one more waits for its turn */
    if (depth < NX_TCP_MAXIMUM_TX_QUEUE)
        nx_tcp_socket_transmit_configure(&client->nx_smtp_client_socket, depth,
                                         NX_IP_PERIODIC_RATE / NX_TCP_TRANSMIT_TIMER_RATE, NX_TCP_MAXIMUM_RETRIES,
                                         NX_TCP_RETRY_SHIFT);
}

UINT postino_nx_connect(NX_SMTP_CLIENT *client)
{
    NX_TCP_SOCKET *socket = &client->nx_smtp_client_socket;
    bound_flight(client);
    UINT status = nx_tcp_client_socket_bind(socket, NX_ANY_PORT, NX_SMTP_CLIENT_CONNECTION_TIMEOUT);
    if (!status)
        status = nxd_tcp_client_socket_connect(socket, &client->nx_smtp_server_address, client->nx_smtp_server_port,
                                               NX_SMTP_CLIENT_CONNECTION_TIMEOUT);
    if (status)
        postino_nx_close(client);
    return status;
}
