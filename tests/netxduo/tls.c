/* TLS by NetX Secure, and the mechanisms that want it. */
#include "relay.h"

#define EHLO     "EHLO device.example.com\r\n"
#define PLAIN    "AUTH PLAIN\r\nYWRhAGFkYQBzZWNyZXQ=\r\n"
#define ENVELOPE "MAIL FROM:<ada@example.com>\r\nRCPT TO:<bob@example.com>\r\nDATA\r\n"

static NX_SMTP_TLS tls;
static NX_SMTP_CRAM_MD5 cram;
static NX_SECURE_X509_CERT trusted;
static ULONG metadata[16];
static UCHAR records[4000];
static ULONG now;
static unsigned setups;
static UINT setup_status;
static bool with_groups = true;

static const char *const with_starttls[] = {"220 here\r\n",   "250-here\r\n250 STARTTLS\r\n",
                                            "220 go\r\n",     "250-here\r\n250 AUTH PLAIN LOGIN\r\n",
                                            "334 \r\n",       "235 welcome\r\n",
                                            "250 sender\r\n", "250 recipient\r\n",
                                            "354 go on\r\n",  "250 2.0.0 taken as 4711\r\n",
                                            "221 bye\r\n",    NULL};

static ULONG clock_of_device(VOID)
{
    return now;
}

/* As an application would: NetX Secure's services, one after the other. */
static UINT setup(NX_SMTP_CLIENT *client, NX_SECURE_TLS_SESSION *session)
{
    CHECK(client == &device.client);
    setups++;
    if (setup_status)
        return setup_status;
    UINT status = nx_secure_tls_session_create(session, &nx_crypto_tls_ciphers_ecc, metadata, sizeof metadata);
    if (!status && with_groups)
        status = nx_secure_tls_ecc_initialize(session, nx_crypto_ecc_supported_groups,
                                              nx_crypto_ecc_supported_groups_size, nx_crypto_ecc_curves);
    if (!status)
        status = nx_secure_tls_session_packet_buffer_set(session, records, sizeof records);
    if (!status)
        status = nx_secure_x509_certificate_initialize(&trusted, pki.der, (USHORT)pki.der_length, NX_NULL, 0, NX_NULL,
                                                       0, NX_SECURE_X509_KEY_TYPE_NONE);
    if (!status)
        status = nx_secure_tls_trusted_certificate_add(session, &trusted);
    return status ? status : nx_secure_tls_session_time_function_set(session, clock_of_device);
}

struct world {
    const char *const *script;
    const char *names; /* of the certificate; NULL: none */
    const char *common;
    const char *server_name;
    UINT mode;
    long from, until;
    const char *uses;      /* of its key; NULL: any */
    struct subject middle; /* who issued it; no name: the authority itself */
};

static void begin_world(struct world w)
{
    pki_make((struct subject){w.common ? w.common : "mail", w.names, w.until ? w.from : -1, w.until ? w.until : 30,
                              w.uses, false},
             w.middle);
    now = (ULONG)time(NULL);
    setups = 0;
    setup_status = NX_SUCCESS;
    nx_host_reset();
    nx_host_tick(2000);
    server.script = w.script ? w.script : accepting;
    server_start(&server);
    relay_start(w.mode == NX_SMTP_TLS_IMPLICIT);
    nx_host_thread_adopt(&device.thread, (CHAR *)"mail");
    device_open(&device, 1568, 10, relay.port, false);
    CHECK_STATUS(client_open(&device, NX_SMTP_CLIENT_AUTH_PLAIN), NX_SUCCESS);
    CHECK_STATUS(nx_smtp_client_tls_set(&device.client, &tls, w.mode, (CHAR *)w.server_name, setup), NX_SUCCESS);
}

static void finish_world(void)
{
    device_close(&device);
    nx_host_thread_leave();
    relay_stop();
    server_stop(&server);
    server.scripts = NULL;
    CHECK_NUMBER(nx_host_violations(), 0);
    CHECK_TEXT(nx_host_violation(), "");
}

static const struct world implicit = {
    .names = "DNS:mail.example.com", .server_name = "mail.example.com", .mode = NX_SMTP_TLS_IMPLICIT};
static const struct world explicit = {.script = with_starttls,
                                      .names = "DNS:mail.example.com",
                                      .server_name = "mail.example.com",
                                      .mode = NX_SMTP_TLS_STARTTLS};

static void a_mail_goes_over_tls_from_the_start(void)
{
    begin_world(implicit);
    for (int i = 0; i < 2; i++)
        CHECK_STATUS(send_mail(), NX_SUCCESS);
    CHECK_NUMBER(setups, 2);
    CHECK_TEXT(relay.server_name, "mail.example.com");
    finish_world();
    CHECK(relay.orderly);
    CHECK_NUMBER(count_heard(EHLO PLAIN ENVELOPE), 2);
    CHECK_NUMBER(count_heard("\r\n..this line begins with a dot\r\nAda\r\n.\r\nQUIT\r\n"), 2);
}

static void a_mail_goes_over_tls_behind_starttls(void)
{
    begin_world(explicit);
    CHECK_STATUS(send_mail(), NX_SUCCESS);
    CHECK_NUMBER(device.client.nx_smtp_client_mail_outcome, NX_SMTP_OUTCOME_ACCEPTED);
    finish_world();
    CHECK_NUMBER(count_heard(EHLO "STARTTLS\r\n" EHLO PLAIN ENVELOPE), 1);
}

static void a_long_text_fills_records_that_fill_segments(void)
{
    static CHAR body[30000];
    for (size_t i = 0; i < sizeof body; i++)
        body[i] = i % 70 == 69 ? '\n' : i % 70 == 0 ? '.' : 'x';
    begin_world(implicit);
    CHECK_STATUS(nx_smtp_mail_send(&device.client, (CHAR *)"bob@example.com", 2, (CHAR *)"long", body, sizeof body),
                 NX_SUCCESS);
    struct nx_host_traffic traffic;
    nx_host_traffic_get(&traffic);
    CHECK_NUMBER(traffic.chained_sends, 0);
    CHECK_NUMBER(traffic.long_sends, 0);
    finish_world();
    CHECK_NUMBER(count_heard("\r\n..xxxxx"), (sizeof body + 69) / 70);
}

static UINT meet(struct world w)
{
    begin_world(w);
    UINT status = send_mail();
    CHECK_NUMBER(device.client.nx_smtp_client_mail_outcome,
                 status ? NX_SMTP_OUTCOME_NOT_TRIED : NX_SMTP_OUTCOME_ACCEPTED);
    finish_world();
    if (status && w.mode == NX_SMTP_TLS_IMPLICIT)
        check_heard("");
    if (status && w.mode == NX_SMTP_TLS_STARTTLS)
        CHECK_NUMBER(count_heard("AUTH") + count_heard("MAIL"), 0);
    return status;
}

/* 9525: whom the certificate names decides. Nothing is said to somebody else. */
static void the_name_is_checked(void)
{
    static const struct {
        const char *names, *server_name;
        bool good;
    } cases[] = {
        {"DNS:MAIL.example.com", "mail.Example.com", true},
        {"DNS:a.test,DNS:mail.example.com", "mail.example.com", true},
        {"DNS:mail.example.com", "mail.example.com.", true},
        {"DNS:*.example.com", "mail.example.com", true},
        {"IP:192.168.1.10", NULL, true},
        {"DNS:other.example.com", "mail.example.com", false},
        {"DNS:mail.example.com.au", "mail.example.com", false},
        {"DNS:*.example.com", "a.mail.example.com", false},
        {"DNS:*.example.com", "example.com", false},
        {"DNS:*.com", "example.com", false},
        {"DNS:*", "com", false},
        {"DNS:m*.example.com", "mail.example.com", false},
        {"DNS:mail.*.com", "mail.example.com", false},
        {"DNS:*.example.com", ".example.com", false},
        {"IP:192.168.1.11", NULL, false},
        {"DNS:192.168.1.10", NULL, false},
        {"IP:192.168.1.10", "192.168.1.10", false},
        {"email:mail.example.com", "mail.example.com", false},
        {NULL, "mail.example.com", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct world w = implicit;
        w.names = cases[i].names;
        w.server_name = cases[i].server_name;
        w.common = "mail.example.com";
        CHECK_STATUS(meet(w), cases[i].good ? NX_SUCCESS : NX_SECURE_X509_CERTIFICATE_DNS_MISMATCH);
        if (check_failures)
            printf("# %s for %s\n", cases[i].names, cases[i].server_name ? cases[i].server_name : "the address");
    }
}

static void the_chain_and_the_dates_are_checked(void)
{
    for (int by_starttls = 0; by_starttls < 2; by_starttls++) {
        struct world w = by_starttls ? explicit : implicit;
        w.from = -9;
        w.until = -2;
        CHECK_STATUS(meet(w), NX_SECURE_X509_CERTIFICATE_EXPIRED);
        w.from = 2;
        w.until = 9;
        CHECK_STATUS(meet(w), NX_SECURE_X509_CERTIFICATE_NOT_YET_VALID);
    }
    begin_world(implicit);
    X509 *other = issue(pki.key, NULL, (struct subject){"another", NULL, -1, 30, NULL, true});
    UCHAR *at = pki.der;
    pki.der_length = i2d_X509(other, &at);
    X509_free(other);
    CHECK_STATUS(send_mail(), NX_SECURE_TLS_ISSUER_CERTIFICATE_NOT_FOUND);
    finish_world();
    check_heard("");
}

/* NetX Secure asks neither whether who issued a certificate may do so, nor what it is for. */
static void what_certificates_are_for_is_checked(void)
{
    for (int by_starttls = 0; by_starttls < 2; by_starttls++) {
        struct world w = by_starttls ? explicit : implicit;
        w.uses = "serverAuth,clientAuth";
        CHECK_STATUS(meet(w), NX_SUCCESS);
        w.uses = "clientAuth";
        CHECK_STATUS(meet(w), NX_SECURE_X509_EXT_KEY_USAGE_NOT_FOUND);
        w.uses = NULL;
        w.middle = (struct subject){"middle", NULL, -1, 30, NULL, true};
        CHECK_STATUS(meet(w), NX_SUCCESS);
        w.middle.is_authority = false;
        CHECK_STATUS(meet(w), NX_SECURE_X509_KEY_USAGE_ERROR);
    }
}

static void without_starttls_nothing_is_sent(void)
{
    struct world w = explicit;
    w.script = accepting;
    CHECK_STATUS(meet(w), NX_SMTP_TLS_NOT_OFFERED);
    static const char *const old[] = {"220 here\r\n", "502 what\r\n", "221 bye\r\n", NULL};
    w.script = old;
    CHECK_STATUS(meet(w), NX_SMTP_TLS_NOT_OFFERED);
    CHECK_NUMBER(count_heard("HELO"), 0);
}

static void starttls_that_is_refused_keeps_its_reply(void)
{
    static const char *const script[] = {"220 here\r\n", "250-here\r\n250 STARTTLS\r\n", "454 4.7.0 later\r\n",
                                         "221 bye\r\n", NULL};
    begin_world(
        (struct world){.script = script, .names = "DNS:a.test", .server_name = "a.test", .mode = NX_SMTP_TLS_STARTTLS});
    CHECK_STATUS(send_mail(), NX_SMTP_SERVER_ERROR_REPLY);
    CHECK_NUMBER(device.client.nx_smtp_client_reply_code_status, 454);
    CHECK_TEXT(device.client.nx_smtp_client_reply_text, "4.7.0 later");
    finish_world();
    check_heard(EHLO "STARTTLS\r\nQUIT\r\n");
}

/* attacks 54 */
static void octets_behind_the_reply_to_starttls_end_it(void)
{
    static const char *const script[] = {"220 here\r\n", "250-here\r\n250 STARTTLS\r\n",
                                         "220 go\r\n250-x\r\n250 AUTH PLAIN\r\n", NULL};
    begin_world(
        (struct world){.script = script, .names = "DNS:a.test", .server_name = "a.test", .mode = NX_SMTP_TLS_STARTTLS});
    CHECK_STATUS(send_mail(), NX_SMTP_INVALID_SERVER_REPLY);
    CHECK_NUMBER(setups, 0);
    finish_world();
    check_heard(EHLO "STARTTLS\r\n");
}

static void what_the_application_cannot_set_up_is_its_own_status(void)
{
    begin_world(implicit);
    setup_status = 0x4D;
    CHECK_STATUS(send_mail(), 0x4D);
    setup_status = NX_SUCCESS;
    CHECK_STATUS(send_mail(), NX_SUCCESS);
    finish_world();
}

static void a_connection_that_ends_early_is_told_as_without_tls(void)
{
    struct world w = implicit;
    w.script = with(accepting, AT_MESSAGE, "^");
    begin_world(w);
    CHECK_STATUS(send_mail(), NX_NOT_CONNECTED);
    CHECK_NUMBER(device.client.nx_smtp_client_mail_outcome, NX_SMTP_OUTCOME_UNCERTAIN);
    finish_world();
    w.script = with(accepting, AT_RCPT, "^");
    begin_world(w);
    CHECK_STATUS(send_mail(), NX_NOT_CONNECTED);
    CHECK_NUMBER(device.client.nx_smtp_client_mail_outcome, NX_SMTP_OUTCOME_REFUSED_FOR_NOW);
    finish_world();
    w.script = with(accepting, AT_MESSAGE, "250 ok\r\n^"); /* without close_notify, behind the reply that counts */
    begin_world(w);
    CHECK_STATUS(send_mail(), NX_SUCCESS);
    finish_world();
}

static void mails_share_a_connection(void)
{
    static const char *const script[] = {"220 a\r\n", "250 AUTH PLAIN\r\n", "334 \r\n",  "235 w\r\n", "250 a\r\n",
                                         "250 b\r\n", "354 c\r\n",          "250 d\r\n", "250 a\r\n", "250 b\r\n",
                                         "354 c\r\n", "250 d\r\n",          "221 e\r\n", NULL};
    static NX_SMTP_CONNECTION room;
    struct world w = implicit;
    w.script = script;
    begin_world(w);
    CHECK_STATUS(nx_smtp_client_connection_keep(&device.client, &room), NX_SUCCESS);
    CHECK_STATUS(send_mail(), NX_SUCCESS);
    CHECK_STATUS(send_mail(), NX_SUCCESS);
    CHECK_STATUS(nx_smtp_client_connection_release(&device.client), NX_SUCCESS);
    CHECK_NUMBER(setups, 1);
    finish_world();
    CHECK_NUMBER(count_heard(EHLO), 1);
}

static void cram_md5_is_spoken_over_tls(void)
{
    static const char *const script[] = {"220 a\r\n",
                                         "250-a\r\n250 AUTH CRAM-MD5 PLAIN\r\n",
                                         "334 PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+\r\n",
                                         "235 w\r\n",
                                         "250 a\r\n",
                                         "250 b\r\n",
                                         "354 c\r\n",
                                         "250 d\r\n",
                                         "221 e\r\n",
                                         NULL};
    struct world w = implicit;
    w.script = script;
    begin_world(w);
    CHECK_STATUS(nx_smtp_client_cram_md5_set(&device.client, &cram, &crypto_method_hmac_md5), NX_SUCCESS);
    CHECK_STATUS(send_mail(), NX_SUCCESS);
    finish_world();
    /* ada and HMAC-MD5 of the challenge under "secret", by another implementation */
    CHECK_NUMBER(count_heard("AUTH CRAM-MD5\r\nYWRhIDczM2JhODdlNjRlZDdlNDQxZjA2MmM0YWM2ZGIwMTAz\r\nMAIL"), 1);
    w.script = accepting; /* which does not offer it: PLAIN is not what was asked for */
    begin_world(w);
    CHECK_STATUS(nx_smtp_client_cram_md5_set(&device.client, &cram, &crypto_method_hmac_md5), NX_SUCCESS);
    CHECK_STATUS(send_mail(), NX_SMTP_AUTHENTICATION_ERROR);
    finish_world();
    CHECK_NUMBER(count_heard("AUTH"), 0);
}

static CHAR token_text[3000];
static UINT token_status;

static UINT token_get(NX_SMTP_CLIENT *client, CHAR **text)
{
    CHECK(client == &device.client);
    *text = token_text;
    return token_status;
}

static void tokens_come_from_the_application(void)
{
    static const char *const script[] = {"220 a\r\n", "250-a\r\n250 AUTH XOAUTH2\r\n",
                                         "334 \r\n",  "235 w\r\n",
                                         "250 a\r\n", "250 b\r\n",
                                         "354 c\r\n", "250 d\r\n",
                                         "221 e\r\n", NULL};
    static const char *const refusing[] = {
        "220 a\r\n", "250-a\r\n250 AUTH XOAUTH2\r\n", "334 \r\n", "334 e30=\r\n", "535 5.7.8 no\r\n", "221 e\r\n",
        NULL};
    struct world w = implicit;
    w.script = script;
    memset(token_text, 't', sizeof token_text - 1);
    token_status = NX_SUCCESS;
    begin_world(w);
    CHECK_STATUS(nx_smtp_client_token_set(&device.client, token_get), NX_SUCCESS);
    CHECK_STATUS(send_mail(), NX_SUCCESS);
    finish_world();
    CHECK_NUMBER(count_heard("AUTH XOAUTH2\r\ndXNlcj1hZGEBYXV0aD1CZWFyZXIgdHR0"), 1);
    w.script = refusing;
    begin_world(w);
    CHECK_STATUS(nx_smtp_client_token_set(&device.client, token_get), NX_SUCCESS);
    CHECK_STATUS(send_mail(), NX_SMTP_AUTH_REPLY_ERROR);
    CHECK_NUMBER(device.client.nx_smtp_client_reply_code_status, 535);
    finish_world();
    CHECK_NUMBER(count_heard("\r\n\r\nQUIT"), 1); /* an empty line answers the error */
    w.script = script;
    begin_world(w);
    token_status = 0x77;
    CHECK_STATUS(nx_smtp_client_token_set(&device.client, token_get), NX_SUCCESS);
    CHECK_STATUS(send_mail(), 0x77);
    finish_world();
    CHECK_NUMBER(count_heard("AUTH"), 0);
}

/* Where ECDHE was not set up, the handshake fails, and nothing else. */
static void a_setup_without_groups_fails_the_handshake(void)
{
    begin_world(implicit);
    with_groups = false;
    CHECK_STATUS(send_mail(), NX_SECURE_TLS_HANDSHAKE_FAILURE);
    with_groups = true;
    finish_world();
}

/* NetX Secure hands on what the socket says of its window. */
static void a_window_that_stays_full_is_told_apart(void)
{
    static const UINT full[] = {NX_WINDOW_OVERFLOW, NX_TX_QUEUE_DEPTH};
    for (size_t i = 0; i < 2; i++) {
        begin_world(implicit);
        nx_host_fail(&(struct nx_host_failure){.at = 2, .status = full[i], .service = "nx_secure_tls_session_send"});
        CHECK_STATUS(send_mail(), NX_SMTP_TRANSMIT_ERROR);
        CHECK_NUMBER(device.client.nx_smtp_client_mail_outcome, NX_SMTP_OUTCOME_NOT_TRIED);
        finish_world();
    }
}

static void arguments_are_checked(void)
{
    begin(accepting);
    NX_SMTP_CLIENT none;
    memset(&none, 0, sizeof none);
    CHECK_STATUS(nx_smtp_client_tls_set(NX_NULL, &tls, 1, NX_NULL, setup), NX_PTR_ERROR);
    CHECK_STATUS(nx_smtp_client_tls_set(&none, &tls, 1, NX_NULL, setup), NX_PTR_ERROR);
    CHECK_STATUS(nx_smtp_client_tls_set(&device.client, NX_NULL, 1, NX_NULL, setup), NX_PTR_ERROR);
    CHECK_STATUS(nx_smtp_client_tls_set(&device.client, &tls, 1, NX_NULL, NX_NULL), NX_PTR_ERROR);
    CHECK_STATUS(nx_smtp_client_tls_set(&device.client, &tls, 3, NX_NULL, setup), NX_SMTP_INVALID_PARAM);
    CHECK_STATUS(nx_smtp_client_tls_set(&device.client, &tls, 1, (CHAR *)"", setup), NX_SMTP_INVALID_PARAM);
    CHECK_STATUS(nx_smtp_client_tls_set(&device.client, &tls, 1, (CHAR *)"a\r\nb", setup), NX_SMTP_INVALID_PARAM);
    CHECK_STATUS(nx_smtp_client_cram_md5_set(&device.client, &cram, &crypto_method_hmac_md5), NX_NOT_ENABLED);
    CHECK_STATUS(nx_smtp_client_token_set(&device.client, token_get), NX_NOT_ENABLED);
    CHECK_STATUS(nx_smtp_client_cram_md5_set(&device.client, NX_NULL, &crypto_method_hmac_md5), NX_PTR_ERROR);
    NX_CRYPTO_METHOD large = crypto_method_hmac_md5;
    large.nx_crypto_metadata_area_size = 1000;
    CHECK_STATUS(nx_smtp_client_cram_md5_set(&device.client, &cram, &large), NX_SIZE_ERROR);
    CHECK_STATUS(nx_smtp_client_token_set(NX_NULL, token_get), NX_PTR_ERROR);
    CHECK_STATUS(nx_smtp_client_tls_set(&device.client, &tls, 1, NX_NULL, setup), NX_SUCCESS);
    CHECK_STATUS(nx_smtp_client_tls_set(&device.client, &tls, 1, NX_NULL, setup), NX_ALREADY_ENABLED);
    finish();
}

/* Each call fails once, of NetX Duo and of NetX Secure: nothing leaks, and the next mail goes. */
static void every_call_fails_once(void)
{
    ULONG calls = 1;
    for (ULONG at = 1; at <= calls; at++) {
        begin_world(explicit);
        nx_host_fail_at(at, NX_HOST_TYPICAL);
        UINT status = send_mail();
        calls = nx_host_calls() > calls ? nx_host_calls() : calls;
        nx_host_fail_at(0, 0);
        bool accepted = device.client.nx_smtp_client_mail_outcome == NX_SMTP_OUTCOME_ACCEPTED;
        CHECK(accepted == (status == NX_SUCCESS));
        CHECK_NUMBER(nx_host_packets_out(&device.pool), 0);
        CHECK_STATUS(send_mail(), NX_SUCCESS);
        finish_world();
        if (check_failures) {
            printf("# call %lu: status %X\n", (unsigned long)at, status);
            return;
        }
    }
    CHECK(calls > 40);
}

int main(void)
{
    RUN(a_mail_goes_over_tls_from_the_start);
    RUN(a_mail_goes_over_tls_behind_starttls);
    RUN(a_long_text_fills_records_that_fill_segments);
    RUN(the_name_is_checked);
    RUN(the_chain_and_the_dates_are_checked);
    RUN(what_certificates_are_for_is_checked);
    RUN(without_starttls_nothing_is_sent);
    RUN(starttls_that_is_refused_keeps_its_reply);
    RUN(octets_behind_the_reply_to_starttls_end_it);
    RUN(what_the_application_cannot_set_up_is_its_own_status);
    RUN(a_connection_that_ends_early_is_told_as_without_tls);
    RUN(mails_share_a_connection);
    RUN(cram_md5_is_spoken_over_tls);
    RUN(tokens_come_from_the_application);
    RUN(a_setup_without_groups_fails_the_handshake);
    RUN(a_window_that_stays_full_is_told_apart);
    RUN(arguments_are_checked);
    RUN(every_call_fails_once);
    return CHECK_EXIT();
}
