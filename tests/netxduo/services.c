/* Every service with every return that is documented for it. */
#include "scripted.h"

static CHAR text[] = "text";

static UINT create(NX_SMTP_CLIENT *client, CHAR *user, CHAR *password, CHAR *domain)
{
    return _nxd_smtp_client_create(client, &device.ip, &device.pool, user, password, text, domain,
                                   NX_SMTP_CLIENT_AUTH_PLAIN, &device.address, 25);
}

static void create_refuses_null(void)
{
    NX_SMTP_CLIENT client;
    begin(accepting);
    for (unsigned null = 0; null < 8; null++) {
        void *p[] = {&client, &device.ip, &device.pool, text, text, text, text, &device.address};
        p[null] = NULL;
        CHECK_STATUS(_nxde_smtp_client_create(p[0], p[1], p[2], p[3], p[4], p[5], p[6], 3, p[7], 25), NX_PTR_ERROR);
    }
    finish();
}

static void create_refuses_what_is_no_ip_instance_or_address(void)
{
    NX_SMTP_CLIENT client;
    static NX_IP no_instance;
    NXD_ADDRESS no_address = {5, {0}};
    begin(accepting);
    CHECK_STATUS(
        _nxde_smtp_client_create(&client, &no_instance, &device.pool, text, text, text, text, 3, &device.address, 25),
        NX_SMTP_INVALID_PARAM);
    CHECK_STATUS(
        _nxde_smtp_client_create(&client, &device.ip, &device.pool, text, text, text, text, 3, &no_address, 25),
        NX_IP_ADDRESS_ERROR);
    finish();
}

static void create_holds_strings_against_their_limits(void)
{
    static NX_SMTP_CLIENT client;
    CHAR fits[NX_SMTP_CLIENT_MAX_USERNAME + 2], password[NX_SMTP_CLIENT_MAX_PASSWORD + 2];
    begin(accepting);
    memset(fits, 'x', sizeof fits);
    memset(password, 'x', sizeof password);
    fits[sizeof fits - 1] = password[sizeof password - 1] = '\0';
    CHECK_STATUS(create(&client, fits, text, text), NX_SIZE_ERROR);
    CHECK_STATUS(create(&client, text, password, text), NX_SIZE_ERROR);
    CHECK_STATUS(create(&client, text, text, fits), NX_SIZE_ERROR);
    CHECK_STATUS(_nxe_smtp_client_delete(&client), NX_PTR_ERROR);
    fits[sizeof fits - 2] = password[sizeof password - 2] = '\0';
    CHECK_STATUS(create(&client, fits, password, fits), NX_SUCCESS);
    CHECK_TEXT(client.nx_smtp_username, fits);
    CHECK_TEXT(client.nx_smtp_password, password);
    CHECK_TEXT(client.nx_smtp_client_domain, fits);
    CHECK_STATUS(nx_smtp_client_delete(&client), NX_SUCCESS);
    finish();
}

static void create_returns_what_the_socket_returns(void)
{
    static NX_SMTP_CLIENT client;
    begin(accepting);
    nx_host_fail_at(1, NX_NOT_ENABLED);
    CHECK_STATUS(create(&client, text, text, text), NX_NOT_ENABLED);
    nx_host_fail_at(0, 0);
    CHECK_STATUS(nx_smtp_mail_send(&client, text, 2, text, text, 4), NX_SMTP_CLIENT_NOT_INITIALIZED);
    CHECK(nx_smtp_client_delete(&client) != NX_SUCCESS);
    finish();
}

/* Strings but for the from address are the client's own; init time is early enough. */
static void create_copies_from_initialisation(void)
{
    CHAR user[] = "ada", password[] = "secret", domain[] = "device.example.com";
    begin(accepting);
    CHECK_STATUS(nx_smtp_client_delete(&device.client), NX_SUCCESS);
    nx_host_thread_leave();
    CHECK_STATUS(nxd_smtp_client_create(&device.client, &device.ip, &device.pool, user, password,
                                        (CHAR *)"ada@example.com", domain, 3, &device.address, 25),
                 NX_SUCCESS);
    memset(user, 0, sizeof user);
    memset(password, 0, sizeof password);
    memset(domain, 0, sizeof domain);
    nx_host_thread_adopt(&device.thread, (CHAR *)"mail");
    CHECK_STATUS(send_mail(), NX_SUCCESS);
    finish();
    CHECK_NUMBER(count_heard("EHLO device.example.com\r\nAUTH PLAIN\r\nYWRhAGFkYQBzZWNyZXQ=\r\n"), 1);
}

static void delete_refuses_what_is_no_client(void)
{
    static NX_SMTP_CLIENT client;
    begin(accepting);
    CHECK_STATUS(_nxe_smtp_client_delete(NX_NULL), NX_PTR_ERROR);
    CHECK_STATUS(_nxe_smtp_client_delete(&client), NX_PTR_ERROR);
    finish();
    CHECK_STATUS(_nxe_smtp_client_delete(&device.client), NX_PTR_ERROR);
}

static void delete_returns_what_the_socket_returns(void)
{
    struct nx_host_failure failure = {.at = 1, .status = NX_STILL_BOUND, .service = "nx_tcp_socket_delete"};
    begin(accepting);
    nx_host_fail(&failure);
    CHECK_STATUS(nx_smtp_client_delete(&device.client), NX_STILL_BOUND);
    finish();
}

/* Nothing of the credentials is left. */
static void delete_wipes(void)
{
    static const NX_SMTP_CLIENT empty;
    begin(accepting);
    CHECK_STATUS(send_mail(), NX_SUCCESS);
    finish();
    CHECK(memcmp(device.client.nx_smtp_password, empty.nx_smtp_password, sizeof empty.nx_smtp_password) == 0);
    CHECK(memcmp(device.client.nx_smtp_username, empty.nx_smtp_username, sizeof empty.nx_smtp_username) == 0);
}

static void send_refuses_null_and_nothing(void)
{
    begin(accepting);
    CHECK_STATUS(_nxe_smtp_mail_send(NX_NULL, text, 2, text, text, 4), NX_PTR_ERROR);
    CHECK_STATUS(_nxe_smtp_mail_send(&device.client, NX_NULL, 2, text, text, 4), NX_PTR_ERROR);
    CHECK_STATUS(_nxe_smtp_mail_send(&device.client, text, 2, NX_NULL, text, 4), NX_PTR_ERROR);
    CHECK_STATUS(_nxe_smtp_mail_send(&device.client, text, 2, text, NX_NULL, 4), NX_PTR_ERROR);
    CHECK_STATUS(_nxe_smtp_mail_send(&device.client, text, 2, text, text, 0), NX_SMTP_INVALID_PARAM);
    nx_host_thread_leave();
    CHECK_STATUS(_nxe_smtp_mail_send(&device.client, text, 2, text, text, 4), NX_CALLER_ERROR);
    nx_host_thread_adopt(&device.thread, (CHAR *)"mail");
    finish();
    CHECK_STATUS(_nx_smtp_mail_send(&device.client, text, 2, text, text, 4), NX_SMTP_CLIENT_NOT_INITIALIZED);
    CHECK_NUMBER(NX_SMTP_CLIENT_NOT_INTIALIZED, 0xB2);
}

static void send_tells_a_refused_connection(void)
{
    begin(accepting);
    server_stop(&server);
    CHECK_STATUS(send_mail(), NX_NOT_CONNECTED);
    CHECK_NUMBER(device.client.nx_smtp_client_mail_outcome, NX_SMTP_OUTCOME_NOT_TRIED);
    server_start(&server);
    nx_host_reset();
    nx_host_tick(500);
    CHECK_STATUS(nx_host_route(device.address.nxd_ip_address.v4, 25, server.port), NX_SUCCESS);
    CHECK_STATUS(send_mail(), NX_SUCCESS);
    finish();
}

/* Refused, or closed, or silent, at each step: the status is that of the table, and the client can send again. */
static void send_tells_what_went_wrong_at_each_step(void)
{
    static const UINT refused[] = {NX_SMTP_GREET_REPLY_ERROR, NX_SMTP_HELLO_REPLY_ERROR,  NX_SMTP_AUTH_REPLY_ERROR,
                                   NX_SMTP_AUTH_REPLY_ERROR,  NX_SMTP_MAIL_REPLY_ERROR,   NX_SMTP_RCPT_REPLY_ERROR,
                                   NX_SMTP_DATA_REPLY_ERROR,  NX_SMTP_MESSAGE_REPLY_ERROR};
    static const char *const ends[] = {"^", "!"};
    for (size_t at = AT_GREETING; at < AT_QUIT; at++) {
        const char *const *scripts[4] = {0};
        begin(with(accepting, at, at == AT_EHLO ? "421 no\r\n" : "454 no\r\n"));
        CHECK_STATUS(send_mail(), refused[at]);
        CHECK_NUMBER(device.client.nx_smtp_client_reply_code_status, at == AT_EHLO ? 421 : 454);
        CHECK_STATUS(device.client.nx_smtp_client_mail_status, refused[at]);
        finish();
        for (size_t i = 0; i < 2; i++) {
            scripts[0] = with(accepting, at, ends[i]);
            scripts[1] = accepting;
            begin(accepting);
            server.scripts = scripts;
            CHECK_STATUS(send_mail(), NX_NOT_CONNECTED);
            CHECK_STATUS(send_mail(), NX_SUCCESS);
            finish();
        }
        scripts[0] = with(accepting, at, "");
        begin(accepting);
        server.scripts = scripts;
        CHECK_STATUS(send_mail(), NX_NO_PACKET);
        CHECK_STATUS(send_mail(), NX_SUCCESS);
        finish();
    }
}

static void send_counts_no_nul_at_the_end_of_a_text(void)
{
    begin(accepting);
    CHECK_STATUS(nx_smtp_mail_send(&device.client, text, 2, text, text, sizeof text), NX_SUCCESS);
    finish();
    CHECK_NUMBER(count_heard("\r\n\r\ntext\r\n.\r\n"), 1);
}

static void priority_becomes_headers(void)
{
    begin(accepting);
    CHECK_STATUS(nx_smtp_mail_send(&device.client, text, NX_SMTP_MAIL_PRIORITY_NORMAL, text, text, 4), NX_SUCCESS);
    CHECK_STATUS(nx_smtp_mail_send(&device.client, text, 99, text, text, 4), NX_SUCCESS);
    CHECK_NUMBER(count_heard("Priority") + count_heard("Importance"), 0);
    CHECK_STATUS(nx_smtp_mail_send(&device.client, text, NX_SMTP_MAIL_PRIORITY_HIGH, text, text, 4), NX_SUCCESS);
    CHECK_NUMBER(count_heard("\r\nX-Priority: 1\r\nImportance: high\r\n"), 1);
    CHECK_STATUS(nx_smtp_mail_send(&device.client, text, NX_SMTP_MAIL_PRIORITY_LOW, text, text, 4), NX_SUCCESS);
    CHECK_NUMBER(count_heard("\r\nX-Priority: 5\r\nImportance: low\r\n"), 1);
    finish();
}

/* A server that sends one octet of a line now and then gets no more time than the step has. */
static void drops_do_not_restart_the_time(void)
{
    begin(with(accepting, AT_EHLO,
               "2|5|0|-|x|x|x|x|x|x|x|x|x|x|x|x|x|x|x|x|x|x|x|x|x|x|x|x|x|x|x|x|x|x|x|x|x|x|x|x|"
               "x|x|x|x|x|x|x|x|x|x|x|x|x|x|x|x|x|x|x|x|x|x|x|x|x|x|x|x|x|x|x|x|x|x|x|x|x|x|x\r\n"));
    ULONG before = tx_time_get();
    CHECK_STATUS(send_mail(), NX_NO_PACKET);
    CHECK(tx_time_get() - before < NX_SMTP_ENVELOPE_TIMEOUT + NX_SMTP_CLIENT_DISCONNECT_TIMEOUT + 200);
    finish();
}

int main(void)
{
    RUN(create_refuses_null);
    RUN(create_refuses_what_is_no_ip_instance_or_address);
    RUN(create_holds_strings_against_their_limits);
    RUN(create_returns_what_the_socket_returns);
    RUN(create_copies_from_initialisation);
    RUN(delete_refuses_what_is_no_client);
    RUN(delete_returns_what_the_socket_returns);
    RUN(delete_wipes);
    RUN(send_refuses_null_and_nothing);
    RUN(send_tells_a_refused_connection);
    RUN(send_tells_what_went_wrong_at_each_step);
    RUN(send_counts_no_nul_at_the_end_of_a_text);
    RUN(priority_becomes_headers);
    RUN(drops_do_not_restart_the_time);
    return CHECK_EXIT();
}
