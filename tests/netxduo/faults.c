/* Pools that run dry, services that fail: the status is right, nothing leaks, no half mail leaves, and the client can
 * send again. */
#include "scripted.h"

static CHAR long_text[4001], bob[] = "bob@example.com";

static void prepare_text(void)
{
    for (size_t i = 0; i < sizeof long_text - 1; i++)
        long_text[i] = i % 50 == 48 ? '\r' : i % 50 == 49 ? '\n' : i % 50 == 0 ? '.' : (CHAR)('a' + i % 23);
}

static UINT send_long(void)
{
    return nx_smtp_mail_send(&device.client, bob, 2, bob, long_text, sizeof long_text - 1);
}

/* Every line of the text arrived, and the end of it; or the end did not. */
static void check_whole_or_not_at_all(UINT status, size_t begin)
{
    const char *heard = server.heard + begin;
    size_t dots = 0;
    for (const char *at = heard; (at = strstr(at, "\n..")) != NULL; at++)
        dots++;
    if (status == NX_SUCCESS)
        CHECK_NUMBER(dots, (sizeof long_text + 48) / 50);
    bool ended = strstr(heard, "\r\n.\r\n") != NULL;
    CHECK(ended == (status == NX_SUCCESS || device.client.nx_smtp_client_mail_outcome == NX_SMTP_OUTCOME_UNCERTAIN));
}

static void pool_of(ULONG payload, ULONG packets)
{
    begin_with(accepting, payload, packets);
    UINT status = send_long();
    bool clean = status == NX_SUCCESS || status == NX_SMTP_PACKET_ALLOCATE_ERROR || status == NX_NO_PACKET;
    CHECK(clean);
    /* Beside the packet that is sent, one is needed for what comes in. */
    if (packets > 1)
        CHECK_STATUS(status, NX_SUCCESS);
    CHECK_NUMBER(nx_host_packets_out(&device.pool), 0);
    finish();
    check_whole_or_not_at_all(status, 0);
    if (check_failures)
        printf("# payload %lu, packets %lu: status %X\n", (unsigned long)payload, (unsigned long)packets, status);
}

static void pools_of_each_payload_and_number(void)
{
    static const ULONG payloads[] = {128, 256, 512, 1568};
    for (size_t i = 0; i < 4; i++)
        for (ULONG packets = 1; packets <= 10; packets++)
            pool_of(payloads[i], packets);
}

/* What was sent stays out of the pool until it is acknowledged, which nobody does. */
static void pools_that_run_dry(void)
{
    struct nx_host_shape shape = {.withhold = 1};
    for (ULONG packets = 1; packets <= 10; packets++) {
        begin_with(accepting, 512, packets);
        nx_host_shape_set(&shape);
        UINT status = send_long();
        CHECK(status != NX_SUCCESS);
        CHECK_NUMBER(nx_host_packets_out(&device.pool), 0);
        size_t heard = server.length;
        check_whole_or_not_at_all(status, 0);
        memset(&shape, 0, sizeof shape);
        nx_host_shape_set(&shape);
        shape.withhold = 1;
        if (packets > 1)
            CHECK_STATUS(send_long(), NX_SUCCESS);
        CHECK(server.length >= heard);
        finish();
    }
}

/* Room for no more than may be held back. */
static void pool_with_no_room_for_a_segment(void)
{
    begin_with(accepting, NX_IPv4_TCP_PACKET + 4, 10);
    CHECK_STATUS(send_mail(), NX_SMTP_PACKET_ALLOCATE_ERROR);
    finish();
    CHECK_NUMBER(server.length, 0);
}

/* The rest is left for acknowledgements, which come in packets of the same pool on a device. */
static void half_of_the_pool_is_in_flight_at_most(void)
{
    static const ULONG pools[][2] = {{1, 1}, {2, 1}, {3, 1}, {10, 5}, {37, 18}, {39, 19}, {40, 20}, {100, 20}};
    for (size_t i = 0; i < sizeof pools / sizeof *pools; i++) {
        begin_with(accepting, 1568, (unsigned)pools[i][0]);
        send_mail();
        CHECK_NUMBER(device.client.nx_smtp_client_socket.nx_tcp_socket_transmit_queue_maximum, pools[i][1]);
        finish();
    }
}

static UINT expected(const char *service)
{
    if (!strcmp(service, "nx_packet_allocate"))
        return NX_SMTP_PACKET_ALLOCATE_ERROR;
    if (!strcmp(service, "nx_tcp_client_socket_bind"))
        return NX_NO_FREE_PORTS;
    return !strcmp(service, "nxd_tcp_client_socket_connect") ? NX_NOT_CONNECTED : NX_SUCCESS;
}

/* Each call of each service fails once. What is only asked for in passing, and what can be tried again, harms nobody.
 */
static void every_call_fails_once(void)
{
    ULONG calls = 1;
    unsigned successes = 0;
    for (ULONG at = 1; at <= calls; at++) {
        begin_with(accepting, 1568, 4);
        nx_host_fail_at(at, NX_HOST_TYPICAL);
        UINT status = send_long();
        const char *service = nx_host_failed();
        char name[64];
        snprintf(name, sizeof name, "%s", service ? service : "");
        calls = nx_host_calls() > calls ? nx_host_calls() : calls;
        nx_host_fail_at(0, 0);
        bool quitting = strstr(server.heard, "QUIT") || strstr(server.heard, "\r\n.\r\n");
        if (strcmp(name, "nx_tcp_socket_receive") != 0 && (!quitting || status))
            CHECK_STATUS(status, status == NX_SUCCESS ? NX_SUCCESS : expected(name));
        if (!strcmp(name, "nx_packet_allocate") && !quitting)
            CHECK_STATUS(status, NX_SMTP_PACKET_ALLOCATE_ERROR);
        successes += status == NX_SUCCESS;
        CHECK_NUMBER(nx_host_packets_out(&device.pool), 0);
        size_t heard = server.length;
        CHECK_STATUS(send_long(), NX_SUCCESS);
        finish();
        server.heard[heard] = '\0';
        if (check_failures) {
            printf("# call %lu, %s: status %X\n", (unsigned long)at, name, status);
            return;
        }
    }
    CHECK(calls > 30 && successes > calls / 2);
}

/* The same of each service from some call on for ever: it ends, in time, and frees everything. */
static void every_service_fails_for_ever(void)
{
    static const char *const services[] = {
        "nx_packet_allocate",        "nx_tcp_socket_receive",           "nx_tcp_socket_send",
        "nx_tcp_client_socket_bind", "nxd_tcp_client_socket_connect",   "nx_tcp_socket_mss_get",
        "nx_packet_pool_info_get",   "nx_tcp_socket_transmit_configure"};
    for (size_t i = 0; i < sizeof services / sizeof *services; i++)
        for (ULONG at = 1; at < 20; at += 3) {
            struct nx_host_failure failure = {
                .at = at, .count = 0xFFFFFFFF, .status = NX_HOST_TYPICAL, .service = services[i]};
            begin_with(accepting, 1568, 4);
            nx_host_fail(&failure);
            UINT status = send_long();
            nx_host_fail_at(0, 0);
            CHECK_NUMBER(nx_host_packets_out(&device.pool), 0);
            size_t heard = server.length;
            check_whole_or_not_at_all(status, 0);
            CHECK_STATUS(send_long(), NX_SUCCESS);
            CHECK(server.length > heard);
            finish();
        }
}

static CHAR large_text[60000];

static void a_small_window_is_waited_for(void)
{
    struct nx_host_shape shape = {.window = 100};
    begin(accepting);
    nx_host_shape_set(&shape);
    CHECK_STATUS(nx_smtp_mail_send(&device.client, bob, 2, bob, large_text, sizeof large_text), NX_SUCCESS);
    finish();
}

/* The server speaks while its window is full: it is heard, before the time to send is over. */
static void refusal_while_the_window_is_full_is_heard(void)
{
    struct nx_host_shape shape = {.window = 100};
    begin(with(accepting, AT_DATA, "354 go on\r\n|421 4.3.2 shutting down\r\n%"));
    nx_host_shape_set(&shape);
    CHECK_STATUS(nx_smtp_mail_send(&device.client, bob, 2, bob, large_text, sizeof large_text),
                 NX_SMTP_MESSAGE_REPLY_ERROR);
    CHECK_NUMBER(device.client.nx_smtp_client_reply_code_status, 421);
    CHECK_NUMBER(device.client.nx_smtp_client_mail_outcome, NX_SMTP_OUTCOME_REFUSED_FOR_NOW);
    CHECK_TEXT(device.client.nx_smtp_client_reply_text, "4.3.2 shutting down");
    finish();
}

static void a_window_that_stays_full_ends_the_mail(void)
{
    struct nx_host_shape shape = {.window = 100};
    begin(with(accepting, AT_DATA, "354 go on\r\n%%%"));
    nx_host_shape_set(&shape);
    CHECK_STATUS(nx_smtp_mail_send(&device.client, bob, 2, bob, large_text, sizeof large_text), NX_SMTP_TRANSMIT_ERROR);
    CHECK_NUMBER(device.client.nx_smtp_client_mail_outcome, NX_SMTP_OUTCOME_REFUSED_FOR_NOW);
    finish();
}

int main(void)
{
    prepare_text();
    memset(large_text, 'x', sizeof large_text);
    RUN(pools_of_each_payload_and_number);
    RUN(pools_that_run_dry);
    RUN(pool_with_no_room_for_a_segment);
    RUN(half_of_the_pool_is_in_flight_at_most);
    RUN(every_call_fails_once);
    RUN(every_service_fails_for_ever);
    RUN(a_small_window_is_waited_for);
    RUN(refusal_while_the_window_is_full_is_heard);
    RUN(a_window_that_stays_full_ends_the_mail);
    return CHECK_EXIT();
}
