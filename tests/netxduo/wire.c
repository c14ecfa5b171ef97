/* What goes over the wire: existing servers and test benches count on each of these. */
#include "scripted.h"

#define CREDENTIALS "YWRhAGFkYQBzZWNyZXQ=" /* ada NUL ada NUL secret */
#define HEAD                                                                                                           \
    "To: bob@example.com\r\nFrom: ada@example.com\r\nSubject: A short mail\r\nMIME-Version: 1.0\r\n"                   \
    "Content-Type: text/plain; charset=\"utf-8\"\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
#define BODY     "Hello Bob,\r\n..this line begins with a dot\r\nAda\r\n"
#define ENVELOPE "MAIL FROM:<ada@example.com>\r\nRCPT TO:<bob@example.com>\r\nDATA\r\n"
#define EHLO     "EHLO device.example.com\r\n"
#define PLAIN    "AUTH PLAIN\r\n" CREDENTIALS "\r\n"
#define MESSAGE  HEAD BODY ".\r\n"

static void one_mail_whole(void)
{
    begin(accepting);
    CHECK_STATUS(send_mail(), NX_SUCCESS);
    finish();
    check_heard(EHLO PLAIN ENVELOPE MESSAGE "QUIT\r\n");
}

/* One command is one segment, and each waits for its reply: EHLO, AUTH, its response, MAIL, RCPT, DATA, text, QUIT. */
static void one_command_is_one_segment(void)
{
    struct nx_host_traffic traffic;
    begin(accepting);
    CHECK_STATUS(send_mail(), NX_SUCCESS);
    nx_host_traffic_get(&traffic);
    CHECK_NUMBER(traffic.sends, 8);
    CHECK_NUMBER(traffic.chained_sends, 0);
    CHECK_NUMBER(traffic.connections, 1);
    finish();
}

static void auth_plain_has_no_initial_response(void)
{
    begin(accepting);
    CHECK_STATUS(send_mail(), NX_SUCCESS);
    finish();
    CHECK_NUMBER(count_heard("AUTH PLAIN\r\n" CREDENTIALS "\r\n"), 1);
}

/* The mail of a client whose type is not PLAIN, or whose server says something else to EHLO. */
static UINT send_as(UINT type, const char *const *script)
{
    begin(script);
    CHECK_STATUS(nx_smtp_client_delete(&device.client), NX_SUCCESS);
    CHECK_STATUS(client_open(&device, type), NX_SUCCESS);
    UINT status = send_mail();
    finish();
    return status;
}

static void auth_login_answers_prompts_in_order(void)
{
    static const char *const script[] = {"220 here\r\n",
                                         "250-here\r\n250 AUTH PLAIN LOGIN\r\n",
                                         "334 UGFzc3dvcmQ6\r\n",
                                         "334 what?\r\n",
                                         "235 welcome\r\n",
                                         "250 a\r\n",
                                         "250 b\r\n",
                                         "354 c\r\n",
                                         "250 d\r\n",
                                         "221 e\r\n",
                                         NULL};
    CHECK_STATUS(send_as(NX_SMTP_CLIENT_AUTH_LOGIN, script), NX_SUCCESS);
    check_heard(EHLO "AUTH LOGIN\r\nYWRh\r\nc2VjcmV0\r\n" ENVELOPE MESSAGE "QUIT\r\n");
}

static void auth_type_2_and_others_mean_plain(void)
{
    CHECK_STATUS(send_as(NX_SMTP_CLIENT_AUTH_CRAM_MD5, accepting), NX_SUCCESS);
    check_heard(EHLO PLAIN ENVELOPE MESSAGE "QUIT\r\n");
    CHECK_STATUS(send_as(77, accepting), NX_SUCCESS);
    check_heard(EHLO PLAIN ENVELOPE MESSAGE "QUIT\r\n");
}

static void auth_unknown_list_means_plain(void)
{
    CHECK_STATUS(send_as(NX_SMTP_CLIENT_AUTH_LOGIN, with(accepting, AT_EHLO, "250-x\r\n250 AUTH MOGIN QLAIN\r\n")),
                 NX_SUCCESS);
    check_heard(EHLO PLAIN ENVELOPE MESSAGE "QUIT\r\n");
}

static void auth_not_listed_is_tried_as_configured(void)
{
    CHECK_STATUS(send_as(NX_SMTP_CLIENT_AUTH_PLAIN, with(accepting, AT_EHLO, "250 SIZE\r\n")), NX_SUCCESS);
    check_heard(EHLO PLAIN ENVELOPE MESSAGE "QUIT\r\n");
    begin(with(accepting, AT_EHLO, "250 SIZE\r\n"));
    finish();
}

static void auth_only_the_other_listed_is_taken(void)
{
    CHECK_STATUS(send_as(NX_SMTP_CLIENT_AUTH_LOGIN, with(accepting, AT_EHLO, "250-x\r\n250 AUTH PLAIN\r\n")),
                 NX_SUCCESS);
    check_heard(EHLO PLAIN ENVELOPE MESSAGE "QUIT\r\n");
}

#ifdef NX_SMTP_CLIENT_AUTH_NONE_USES_PLAIN
static void auth_none_uses_plain_where_offered(void)
{
    CHECK_STATUS(send_as(NX_SMTP_CLIENT_AUTH_NONE, accepting), NX_SUCCESS);
    check_heard(EHLO PLAIN ENVELOPE MESSAGE "QUIT\r\n");
}

static void auth_none_stays_none_where_not_offered(void)
{
    static const char *const script[] = {"220 here\r\n", "250 here\r\n", "250 a\r\n", "250 b\r\n",
                                         "354 c\r\n",    "250 d\r\n",    "221 e\r\n", NULL};
    CHECK_STATUS(send_as(NX_SMTP_CLIENT_AUTH_NONE, script), NX_SUCCESS);
    check_heard(EHLO ENVELOPE MESSAGE "QUIT\r\n");
}

static void auth_login_not_listed_becomes_plain(void)
{
    CHECK_STATUS(send_as(NX_SMTP_CLIENT_AUTH_LOGIN, with(accepting, AT_EHLO, "250 SIZE\r\n")), NX_SUCCESS);
    check_heard(EHLO PLAIN ENVELOPE MESSAGE "QUIT\r\n");
}
#else
static void auth_none_stays_none(void)
{
    static const char *const script[] = {"220 here\r\n", "250-here\r\n250 AUTH PLAIN\r\n",
                                         "250 a\r\n",    "250 b\r\n",
                                         "354 c\r\n",    "250 d\r\n",
                                         "221 e\r\n",    NULL};
    CHECK_STATUS(send_as(NX_SMTP_CLIENT_AUTH_NONE, script), NX_SUCCESS);
    check_heard(EHLO ENVELOPE MESSAGE "QUIT\r\n");
}

static void auth_login_not_listed_stays_login(void)
{
    static const char *const script[] = {"220 here\r\n", "250 here\r\n", "334 a\r\n", "334 b\r\n",
                                         "235 w\r\n",    "250 a\r\n",    "250 b\r\n", "354 c\r\n",
                                         "250 d\r\n",    "221 e\r\n",    NULL};
    CHECK_STATUS(send_as(NX_SMTP_CLIENT_AUTH_LOGIN, script), NX_SUCCESS);
    CHECK_NUMBER(count_heard("AUTH LOGIN\r\nYWRh\r\nc2VjcmV0\r\n"), 1);
}
#endif

static void mail_and_rcpt_have_no_parameters(void)
{
    begin(with(accepting, AT_EHLO,
               "250-x\r\n250-PIPELINING\r\n250-SIZE 1\r\n250-8BITMIME\r\n250-DSN\r\n250 AUTH PLAIN\r\n"));
    CHECK_STATUS(send_mail(), NX_SUCCESS);
    finish();
    CHECK_NUMBER(count_heard(ENVELOPE), 1);
}

/* Texts of every length, so that the terminator comes to stand at every place of a segment: its five octets are always
 * the last of the last segment. The bench that looks at the last segment alone sees them. */
static void terminator_is_whole_in_the_last_segment(void)
{
    static CHAR text[400];
    memset(text, 'x', sizeof text);
    for (size_t i = 30; i < sizeof text; i += 31)
        memcpy(text + i - 1, "\r\n", 2);
    begin_with(accepting, 128, 10);
    for (UINT length = 1; length < 300; length++) {
        segments.terminators = 0;
        CHECK_STATUS(nx_smtp_mail_send(&device.client, (CHAR *)"b@c", 2, (CHAR *)"s", text, length), NX_SUCCESS);
        CHECK_NUMBER(segments.terminators, 1);
    }
    finish();
}

static void segments_are_full(void)
{
    static CHAR text[40000];
    struct nx_host_traffic traffic;
    memset(text, 'x', sizeof text);
    begin(accepting);
    CHECK_STATUS(nx_smtp_mail_send(&device.client, (CHAR *)"b@c", 2, (CHAR *)"s", text, sizeof text), NX_SUCCESS);
    nx_host_traffic_get(&traffic);
    CHECK_NUMBER(traffic.largest_send, 1460);
    CHECK_NUMBER(traffic.long_sends, 0);
    CHECK_NUMBER(traffic.chained_sends, 0);
    CHECK_NUMBER(traffic.sends, 7 + (sizeof text + 500) / 1460 + 1);
    finish();
}

/* What the client says to a server whose reply at this place is this, and what the call returns. */
static void refused(size_t at, const char *reply, UINT status, const char *said)
{
    begin(with(accepting, at, reply));
    CHECK_STATUS(send_mail(), status);
    finish();
    CHECK_TEXT(server.heard, said);
}

static void quit_after_a_refused_greeting(void)
{
    refused(AT_GREETING, "554 no\r\n", NX_SMTP_GREET_REPLY_ERROR, "QUIT\r\n");
}

static void quit_after_a_malformed_greeting(void)
{
    refused(AT_GREETING, "hello\r\n", NX_SMTP_GREET_REPLY_ERROR, "QUIT\r\n");
    refused(AT_GREETING, "2200 here\r\n", NX_SMTP_GREET_REPLY_ERROR, "QUIT\r\n");
}

static void no_quit_after_a_time_out(void)
{
    refused(AT_GREETING, "", NX_NO_PACKET, "");
    refused(AT_EHLO, "", NX_NO_PACKET, EHLO);
    CHECK_NUMBER(device.client.nx_smtp_client_id, 0);
}

static void quit_after_refusals(void)
{
    refused(AT_EHLO, "421 no\r\n", NX_SMTP_HELLO_REPLY_ERROR, EHLO);
    refused(AT_AUTH, "504 no\r\n", NX_SMTP_AUTH_REPLY_ERROR, EHLO "AUTH PLAIN\r\nQUIT\r\n");
    refused(AT_RESPONSE, "535 no\r\n", NX_SMTP_AUTH_REPLY_ERROR, EHLO PLAIN "QUIT\r\n");
    refused(AT_MAIL, "550 no\r\n", NX_SMTP_MAIL_REPLY_ERROR, EHLO PLAIN "MAIL FROM:<ada@example.com>\r\nQUIT\r\n");
    refused(AT_RCPT, "550 no\r\n", NX_SMTP_RCPT_REPLY_ERROR,
            EHLO PLAIN "MAIL FROM:<ada@example.com>\r\nRCPT TO:<bob@example.com>\r\nQUIT\r\n");
    refused(AT_DATA, "554 no\r\n", NX_SMTP_DATA_REPLY_ERROR, EHLO PLAIN ENVELOPE "QUIT\r\n");
    refused(AT_MESSAGE, "554 no\r\n", NX_SMTP_MESSAGE_REPLY_ERROR, EHLO PLAIN ENVELOPE MESSAGE "QUIT\r\n");
}

static void taken(size_t at, const char *reply)
{
    begin(with(accepting, at, reply));
    CHECK_STATUS(send_mail(), NX_SUCCESS);
    finish();
    check_heard(EHLO PLAIN ENVELOPE MESSAGE "QUIT\r\n");
}

static void greeting_of_four_lines(void)
{
    taken(AT_GREETING, "220-a\r\n220-b\r\n220-*\r\n220 d\r\n");
}

static void ehlo_reply_in_two_segments(void)
{
    taken(AT_EHLO, "250-here\r\n250-AUTH LOGIN PL|AIN\r\n250 8BITMIME\r\n");
    taken(AT_EHLO, "250-here\r\n250-8BITMIME\r\n|250 AUTH PLAIN\r\n");
}

static void size_without_a_number(void)
{
    taken(AT_EHLO, "250-here\r\n250-AUTH PLAIN\r\n250 SIZE\r\n");
}

static void last_line_with_a_leading_space(void)
{
    taken(AT_EHLO, "250-here\r\n250-AUTH PLAIN\r\n 250 SIZE\r\n");
}

static void last_line_that_never_comes(void)
{
    refused(AT_EHLO, "250-here\r\n250-SIZE\r\n", NX_NO_PACKET, EHLO);
}

static void reply_padded_with_nuls(void)
{
    taken(AT_GREETING, "220 here\r\n~~~~~");
    taken(AT_AUTH, "334 \r\n~");
    taken(AT_MESSAGE, "250 taken\r\n~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~");
}

static void every_packet_padded_with_nuls(void)
{
    struct nx_host_shape shape = {.pad = 40, .chain = 30};
    begin(accepting);
    nx_host_shape_set(&shape);
    CHECK_STATUS(send_mail(), NX_SUCCESS);
    finish();
}

static void code_of_more_than_three_digits(void)
{
    refused(AT_MAIL, "2500 x\r\n", NX_SMTP_MAIL_REPLY_ERROR, EHLO PLAIN "MAIL FROM:<ada@example.com>\r\n");
}

static void greeting_without_line_end_and_a_close(void)
{
    refused(AT_GREETING, "220 here^", NX_NOT_CONNECTED, "");
}

static void text_is_8bit_without_8bitmime_and_in_long_lines(void)
{
    static CHAR text[3000];
    memset(text, 0xC3, sizeof text);
    begin(accepting);
    CHECK_STATUS(nx_smtp_mail_send(&device.client, (CHAR *)"b@c", 2, (CHAR *)"s", text, sizeof text), NX_SUCCESS);
    finish();
}

static void ipv6(void)
{
#ifdef FEATURE_NX_IPV6
    begin(accepting);
    device_close(&device);
    device_open(&device, 1568, 10, server.port, true);
    CHECK_STATUS(client_open(&device, NX_SMTP_CLIENT_AUTH_PLAIN), NX_SUCCESS);
    CHECK_STATUS(send_mail(), NX_SUCCESS);
    finish();
    check_heard(EHLO PLAIN ENVELOPE MESSAGE "QUIT\r\n");
#endif
}

int main(void)
{
    RUN(one_mail_whole);
    RUN(one_command_is_one_segment);
    RUN(auth_plain_has_no_initial_response);
    RUN(auth_login_answers_prompts_in_order);
    RUN(auth_type_2_and_others_mean_plain);
    RUN(auth_unknown_list_means_plain);
    RUN(auth_not_listed_is_tried_as_configured);
    RUN(auth_only_the_other_listed_is_taken);
#ifdef NX_SMTP_CLIENT_AUTH_NONE_USES_PLAIN
    RUN(auth_none_uses_plain_where_offered);
    RUN(auth_none_stays_none_where_not_offered);
    RUN(auth_login_not_listed_becomes_plain);
#else
    RUN(auth_none_stays_none);
    RUN(auth_login_not_listed_stays_login);
#endif
    RUN(mail_and_rcpt_have_no_parameters);
    RUN(terminator_is_whole_in_the_last_segment);
    RUN(segments_are_full);
    RUN(quit_after_a_refused_greeting);
    RUN(quit_after_a_malformed_greeting);
    RUN(no_quit_after_a_time_out);
    RUN(quit_after_refusals);
    RUN(greeting_of_four_lines);
    RUN(ehlo_reply_in_two_segments);
    RUN(size_without_a_number);
    RUN(last_line_with_a_leading_space);
    RUN(last_line_that_never_comes);
    RUN(reply_padded_with_nuls);
    RUN(every_packet_padded_with_nuls);
    RUN(code_of_more_than_three_digits);
    RUN(greeting_without_line_end_and_a_close);
    RUN(text_is_8bit_without_8bitmime_and_in_long_lines);
    RUN(ipv6);
    return CHECK_EXIT();
}
