/* What was observed to go wrong in NetX Duo's own client, and must not here: one test each, in the order of the list.
 */
#include "scripted.h"

static CHAR bob[] = "bob@example.com", subject[] = "s";

static UINT send_text(CHAR *text)
{
    return nx_smtp_mail_send(&device.client, bob, NX_SMTP_MAIL_PRIORITY_NORMAL, subject, text, (UINT)strlen(text));
}

/* 1: a leading dot was lost, and a text could end the mail and begin another. */
static void dots_are_stuffed(void)
{
    static CHAR text[] = ".one\r\n..two\n.\r\nMAIL FROM:<mallory@example.com>\r\n.\rlast\n.";
    begin(accepting);
    CHECK_STATUS(send_text(text), NX_SUCCESS);
    finish();
    CHECK(strstr(server.heard,
                 "\r\n\r\n..one\r\n...two\r\n..\r\nMAIL FROM:<mallory@example.com>\r\n..\r\nlast\r\n..\r\n.\r\nQUIT") !=
          NULL);
    CHECK_NUMBER(count_heard("\r\n.\r\n"), 1);
}

/* 2: a crafted or unluckily split EHLO reply crashed the device. */
static void ehlo_replies_that_crashed(void)
{
    static const char *const replies[] = {"250-AUTH\r\n250 AUTH\r\n",
                                          "250-AUTH=\r\n250 AUTH \r\n",
                                          "250\r\n",
                                          "250-\r\n250 \r\n",
                                          "250-here\r\n250-AUTH|\r\n250 x\r\n",
                                          "250 AUTH PLAIN LOGIN",
                                          "AUTH\r\n",
                                          "250-AUTH PLAIN",
                                          "2",
                                          "\r\n",
                                          "250 AUTH PLAIN LOGIN CRAM-MD5 X Y Z\r\n"};
    struct nx_host_shape shape = {.split = 1};
    for (size_t i = 0; i < sizeof replies / sizeof *replies; i++) {
        begin(with(accepting, AT_EHLO, replies[i]));
        UINT whole = send_mail();
        nx_host_shape_set(&shape);
        CHECK_STATUS(send_mail(), whole);
        finish();
    }
}

/* 3: accepted mail was reported as failed, so that the application sent it twice. */
static void quit_changes_no_outcome(void)
{
    static const char *const replies[] = {"", "^", "!", "500 what?\r\n", "421 now\r\n", "garbage\r\n"};
    for (size_t i = 0; i < sizeof replies / sizeof *replies; i++) {
        begin(with(accepting, AT_QUIT, replies[i]));
        CHECK_STATUS(send_mail(), NX_SUCCESS);
        CHECK_NUMBER(device.client.nx_smtp_client_mail_outcome, NX_SMTP_OUTCOME_ACCEPTED);
        CHECK_NUMBER(device.client.nx_smtp_client_reply_code_status, 250);
        CHECK_TEXT(device.client.nx_smtp_client_reply_text, "2.0.0 taken as 4711");
        finish();
    }
    begin(with(accepting, AT_MESSAGE, "250 taken\r\n^"));
    CHECK_STATUS(send_mail(), NX_SUCCESS);
    finish();
}

/* 4: without a packet for its head, a mail went out headless, and then in a loop. */
static void no_packet_no_mail(void)
{
    struct nx_host_failure failure = {
        .at = 7, .count = 0xFFFFFFFF, .status = NX_NO_PACKET, .service = "nx_packet_allocate"};
    begin(accepting);
    nx_host_fail(&failure);
    CHECK_STATUS(send_mail(), NX_SMTP_PACKET_ALLOCATE_ERROR);
    CHECK_NUMBER(device.client.nx_smtp_client_mail_outcome, NX_SMTP_OUTCOME_REFUSED_FOR_NOW);
    nx_host_fail_at(0, 0);
    finish();
    CHECK_NUMBER(count_heard("DATA\r\n"), 1);
    CHECK_NUMBER(count_heard("To: "), 0);
}

/* 5: an unexpected 2yz to AUTH was answered by AUTH for ever. */
static void unexpected_2yz_ends_auth(void)
{
    begin(with(accepting, AT_AUTH, "250 fine\r\n"));
    CHECK_STATUS(send_mail(), NX_SMTP_AUTH_REPLY_ERROR);
    finish();
    CHECK_NUMBER(count_heard("AUTH"), 1);
}

/* 6: clients in two threads wrote into one buffer. */
static struct server other_server;
static struct device other_device;

static void *other_thread(void *argument)
{
    nx_host_thread_adopt(&other_device.thread, (CHAR *)"other");
    for (unsigned i = 0; i < 20; i++) {
        static CHAR text[] = "other text\r\n";
        UINT status = nx_smtp_mail_send(&other_device.client, (CHAR *)"other@example.com", NX_SMTP_MAIL_PRIORITY_LOW,
                                        (CHAR *)"other", text, sizeof text - 1);
        *(UINT *)argument |= status;
    }
    nx_host_thread_leave();
    return NULL;
}

static void two_clients_in_two_threads(void)
{
    pthread_t thread;
    UINT other_status = NX_SUCCESS;
    begin(accepting);
    other_server.script = accepting;
    server_start(&other_server);
    device_open(&other_device, 256, 5, other_server.port, false);
    other_device.address.nxd_ip_address.v4++;
    CHECK_STATUS(nx_host_route(other_device.address.nxd_ip_address.v4, 25, other_server.port), NX_SUCCESS);
    CHECK_STATUS(client_open(&other_device, NX_SMTP_CLIENT_AUTH_LOGIN), NX_SUCCESS);
    other_server.script = with(accepting, AT_EHLO, "250-x\r\n250 AUTH PLAIN\r\n");
    CHECK(pthread_create(&thread, NULL, other_thread, &other_status) == 0);
    for (unsigned i = 0; i < 20; i++)
        CHECK_STATUS(send_mail(), NX_SUCCESS);
    pthread_join(thread, NULL);
    CHECK_STATUS(other_status, NX_SUCCESS);
    device_close(&other_device);
    finish();
    server_stop(&other_server);
    CHECK_NUMBER(count_heard("Subject: A short mail\r\n"), 20);
    CHECK_NUMBER(count_heard("other"), 0);
    CHECK(strstr(other_server.heard, "bob") == NULL && strstr(other_server.heard, "A short mail") == NULL);
}

/* 7: line ends in arguments became headers and commands. */
static void injection_is_refused_before_a_connection(void)
{
    static const char *const paths[] = {"bob@example.com\r\nRCPT TO:<eve@example.com>",
                                        "bob@example.com\n",
                                        "bob\t@x",
                                        "bob@example.com> SIZE=1",
                                        "<bob@example.com",
                                        "bob @example.com",
                                        "bob\x7F@x"};
    begin(accepting);
    static CHAR text[] = "text";
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        CHAR path[80];
        strcpy(path, paths[i]);
        CHECK_STATUS(nx_smtp_mail_send(&device.client, path, 2, subject, text, 4), NX_SMTP_INVALID_PARAM);
        CHECK_STATUS(nx_smtp_client_delete(&device.client), NX_SUCCESS);
        CHECK_STATUS(nxd_smtp_client_create(&device.client, &device.ip, &device.pool, subject, subject, path, subject,
                                            NX_SMTP_CLIENT_AUTH_PLAIN, &device.address, 25),
                     NX_SUCCESS);
        CHECK_STATUS(send_text(text), NX_SMTP_INVALID_PARAM);
        CHECK_STATUS(nx_smtp_client_delete(&device.client), NX_SUCCESS);
        path[40] = '\0';
        CHECK_STATUS(nxd_smtp_client_create(&device.client, &device.ip, &device.pool, subject, subject, bob, path,
                                            NX_SMTP_CLIENT_AUTH_PLAIN, &device.address, 25),
                     NX_SUCCESS);
        CHECK_STATUS(send_text(text), NX_SMTP_INVALID_PARAM);
        CHECK_STATUS(nx_smtp_client_delete(&device.client), NX_SUCCESS);
        CHECK_STATUS(client_open(&device, NX_SMTP_CLIENT_AUTH_PLAIN), NX_SUCCESS);
    }
    CHECK_STATUS(nx_smtp_mail_send(&device.client, bob, 2, (CHAR *)"s\r\nBcc: eve@example.com", text, 4),
                 NX_SMTP_INVALID_PARAM);
    CHECK_STATUS(nx_smtp_mail_send(&device.client, bob, 2, (CHAR *)"s\n", text, 4), NX_SMTP_INVALID_PARAM);
    CHECK_STATUS(nx_smtp_mail_send(&device.client, bob, 2, subject, (CHAR *)"te\0xt", 5), NX_SMTP_INVALID_PARAM);
    finish();
    CHECK_NUMBER(server.connections, 0);
}

/* 8: a reply had to be one packet. */
static void replies_may_be_split_and_chained_anyhow(void)
{
    for (ULONG split = 1; split < 40; split += split < 5 ? 1 : 7) {
        struct nx_host_shape shape = {.split = split};
        begin(accepting);
        nx_host_shape_set(&shape);
        CHECK_STATUS(send_mail(), NX_SUCCESS);
#ifndef NX_DISABLE_PACKET_CHAIN
        struct nx_host_shape chain = {.chain = split + 4};
        nx_host_shape_set(&chain);
        CHECK_STATUS(send_mail(), NX_SUCCESS);
#endif
        finish();
    }
    size_t octets = 0;
    for (const char *const *reply = accepting; *reply; reply++)
        octets += strlen(*reply);
    begin(accepting);
    for (ULONG cut = 1; cut < octets; cut++) {
        struct nx_host_shape shape = {.cut = cut};
        nx_host_shape_set(&shape);
        CHECK_STATUS(send_mail(), NX_SUCCESS);
    }
    finish();
}

static void said_where_taken(size_t at, const char *reply)
{
    begin(with(accepting, at, reply));
    CHECK_STATUS(send_mail(), NX_SUCCESS);
    finish();
}

/* 9 */
static void codes_without_text_and_251_are_fine(void)
{
    said_where_taken(AT_MAIL, "250\r\n");
    said_where_taken(AT_MESSAGE, "250\r\n");
    said_where_taken(AT_RCPT, "251 will forward\r\n");
    said_where_taken(AT_RCPT, "252 cannot verify\r\n");
    said_where_taken(AT_EHLO, "250-XAUTH NOTHING\r\n250 AUTH LOGIN PLAIN\r\n");
}

/* 10 */
static void helo_where_ehlo_is_refused(void)
{
    static const char *const script[] = {
        "220 here\r\n", "502 what?\r\n", "250 here\r\n", "334 \r\n",  "235 w\r\n", "250 a\r\n",
        "250 b\r\n",    "354 c\r\n",     "250 d\r\n",    "221 e\r\n", NULL};
    begin(script);
    CHECK_STATUS(send_mail(), NX_SUCCESS);
    finish();
    CHECK_NUMBER(count_heard("EHLO device.example.com\r\nHELO device.example.com\r\n"), 1);
    begin(with(script, 2, "550 no\r\n"));
    CHECK_STATUS(send_mail(), NX_SMTP_HELLO_REPLY_ERROR);
    finish();
}

/* 11: the server's words were lost, and "later" looked like "never". */
static void the_servers_words_are_kept(void)
{
    NX_SMTP_REPLY reply;
    begin(with(accepting, AT_RCPT, "452-4.2.2 The mailbox\r\n452 4.2.2 is full\r\n"));
    CHECK_STATUS(send_mail(), NX_SMTP_RCPT_REPLY_ERROR);
    CHECK_NUMBER(device.client.nx_smtp_client_reply_code_status, 452);
    CHECK_NUMBER(device.client.nx_smtp_client_mail_outcome, NX_SMTP_OUTCOME_REFUSED_FOR_NOW);
    CHECK_TEXT(device.client.nx_smtp_client_reply_text, "4.2.2 The mailbox\n4.2.2 is full");
    CHECK_STATUS(nx_smtp_client_reply_get(&device.client, &reply), NX_SUCCESS);
    CHECK_NUMBER(reply.nx_smtp_reply_outcome, NX_SMTP_OUTCOME_REFUSED_FOR_NOW);
    CHECK_NUMBER(reply.nx_smtp_reply_code, 452);
    CHECK_NUMBER(reply.nx_smtp_reply_class * 100 + reply.nx_smtp_reply_subject * 10 + reply.nx_smtp_reply_detail, 422);
    CHECK_TEXT(reply.nx_smtp_reply_text, "4.2.2 The mailbox\n4.2.2 is full");
    finish();
    begin(with(accepting, AT_RCPT, "550 nobody\r\n"));
    CHECK_STATUS(send_mail(), NX_SMTP_RCPT_REPLY_ERROR);
    CHECK_NUMBER(device.client.nx_smtp_client_mail_outcome, NX_SMTP_OUTCOME_REFUSED_FOR_GOOD);
    CHECK_STATUS(nx_smtp_client_reply_get(&device.client, &reply), NX_SUCCESS);
    CHECK_NUMBER(reply.nx_smtp_reply_class + reply.nx_smtp_reply_subject + reply.nx_smtp_reply_detail, 0);
    finish();
    begin(accepting);
    CHECK_STATUS(send_mail(), NX_SUCCESS);
    CHECK_STATUS(nx_smtp_client_reply_get(&device.client, &reply), NX_SUCCESS);
    CHECK_NUMBER(reply.nx_smtp_reply_class, 2);
    CHECK_NUMBER(reply.nx_smtp_reply_subject + reply.nx_smtp_reply_detail, 0);
    finish();
}

/* A mail that left whole, without a final reply. */
static void uncertain_can_be_told_from_refused(void)
{
    begin(with(accepting, AT_MESSAGE, ""));
    CHECK_STATUS(send_mail(), NX_NO_PACKET);
    CHECK_NUMBER(device.client.nx_smtp_client_mail_outcome, NX_SMTP_OUTCOME_UNCERTAIN);
    finish();
    begin(with(accepting, AT_MESSAGE, "^"));
    CHECK_STATUS(send_mail(), NX_NOT_CONNECTED);
    CHECK_NUMBER(device.client.nx_smtp_client_mail_outcome, NX_SMTP_OUTCOME_UNCERTAIN);
    finish();
    begin(with(accepting, AT_DATA, ""));
    CHECK_STATUS(send_mail(), NX_NO_PACKET);
    CHECK_NUMBER(device.client.nx_smtp_client_mail_outcome, NX_SMTP_OUTCOME_REFUSED_FOR_NOW);
    finish();
    begin(with(accepting, AT_EHLO, "^"));
    CHECK_STATUS(send_mail(), NX_NOT_CONNECTED);
    CHECK_NUMBER(device.client.nx_smtp_client_mail_outcome, NX_SMTP_OUTCOME_NOT_TRIED);
    finish();
}

/* 12: a subject over 512 octets was noticed behind 354. */
static void subjects_of_any_length(void)
{
    static CHAR text[] = "text", longest[3001];
    for (size_t length = 500; length < sizeof longest; length += 500) {
        memset(longest, 'x', length);
        longest[length] = '\0';
        begin_with(accepting, 256, 6);
        CHECK_STATUS(nx_smtp_mail_send(&device.client, bob, 2, longest, text, 4), NX_SUCCESS);
        finish();
        size_t column = 0, widest = 0;
        for (const char *at = server.heard; *at; at++) {
            column = *at == '\n' ? 0 : column + 1;
            widest = column > widest ? column : widest;
        }
        CHECK(widest < 1000);
    }
}

/* 14: a subject in UTF-8 was sent raw. */
static void subject_in_utf_8_is_encoded(void)
{
    static CHAR text[] = "text";
    begin(accepting);
    CHECK_STATUS(nx_smtp_mail_send(&device.client, bob, 2,
                                   (CHAR *)"Gr\xC3\xBC\xC3\x9F"
                                           "e aus K\xC3\xB6ln und M\xC3\xBCnchen und anderswo",
                                   text, 4),
                 NX_SUCCESS);
    finish();
    CHECK_NUMBER(count_heard("Subject: =?utf-8?B?R3LDvMOfZSBhdXMgS8O2bG4gdW5kIE3DvG5jaGVuIHVuZCBh?=\r\n"
                             " =?utf-8?B?bmRlcnN3bw==?=\r\n"),
                 1);
}

int main(void)
{
    RUN(dots_are_stuffed);
    RUN(ehlo_replies_that_crashed);
    RUN(quit_changes_no_outcome);
    RUN(no_packet_no_mail);
    RUN(unexpected_2yz_ends_auth);
    RUN(two_clients_in_two_threads);
    RUN(injection_is_refused_before_a_connection);
    RUN(replies_may_be_split_and_chained_anyhow);
    RUN(codes_without_text_and_251_are_fine);
    RUN(helo_where_ehlo_is_refused);
    RUN(the_servers_words_are_kept);
    RUN(uncertain_can_be_told_from_refused);
    RUN(subjects_of_any_length);
    RUN(subject_in_utf_8_is_encoded);
    return CHECK_EXIT();
}
