/* What NetX Duo's own client has not: several recipients, texts from a callback, attachments, a kept connection. */
#include "scripted.h"

#define EHLO     "EHLO device.example.com\r\n"
#define PLAIN    "AUTH PLAIN\r\nYWRhAGFkYQBzZWNyZXQ=\r\n"
#define ENVELOPE "MAIL FROM:<ada@example.com>\r\nRCPT TO:<bob@example.com>\r\nDATA\r\n"

static CHAR text[] = "text", words[64];

static NX_SMTP_RECIPIENT three[3];

static NX_SMTP_MAIL mail_to_three(void)
{
    static const char *const addresses[] = {"to@example.com", "cc@example.com", "bcc@example.com"};
    NX_SMTP_MAIL mail = {.nx_smtp_mail_recipients = three,
                         .nx_smtp_mail_to_count = 1,
                         .nx_smtp_mail_cc_count = 1,
                         .nx_smtp_mail_bcc_count = 1,
                         .nx_smtp_mail_subject = text,
                         .nx_smtp_mail_body = text,
                         .nx_smtp_mail_body_length = 4};
    memset(three, 0, sizeof three);
    for (size_t i = 0; i < 3; i++)
        three[i].nx_smtp_recipient_address = (CHAR *)addresses[i];
    three[1].nx_smtp_recipient_text = words;
    three[1].nx_smtp_recipient_text_size = sizeof words;
    return mail;
}

static void recipients_have_a_status_each(void)
{
    static const char *const script[] = {"220 a\r\n", "250 AUTH PLAIN\r\n", "334 \r\n",           "235 w\r\n",
                                         "250 a\r\n", "250 to\r\n",         "452 4.2.2 full\r\n", "550 no\r\n",
                                         "354 c\r\n", "250 d\r\n",          "221 e\r\n",          NULL};
    NX_SMTP_MAIL mail = mail_to_three();
    begin(script);
    CHECK_STATUS(nx_smtp_mail_send_extended(&device.client, &mail), NX_SUCCESS);
    CHECK_NUMBER(three[0].nx_smtp_recipient_outcome, NX_SMTP_OUTCOME_ACCEPTED);
    CHECK_STATUS(three[0].nx_smtp_recipient_status, NX_SUCCESS);
    CHECK_NUMBER(three[1].nx_smtp_recipient_outcome, NX_SMTP_OUTCOME_REFUSED_FOR_NOW);
    CHECK_STATUS(three[1].nx_smtp_recipient_status, NX_SMTP_RCPT_REPLY_ERROR);
    CHECK_NUMBER(three[1].nx_smtp_recipient_reply_code, 452);
    CHECK_TEXT(words, "4.2.2 full");
    CHECK_NUMBER(three[2].nx_smtp_recipient_outcome, NX_SMTP_OUTCOME_REFUSED_FOR_GOOD);
    finish();
    CHECK_NUMBER(count_heard("RCPT TO:<to@example.com>\r\nRCPT TO:<cc@example.com>\r\nRCPT TO:<bcc@example.com>\r\n"),
                 1);
    CHECK_NUMBER(count_heard("\r\nTo: to@example.com\r\nCc: cc@example.com\r\nFrom: "), 1);
    CHECK_NUMBER(count_heard("bcc@"), 1);
}

static void recipients_share_a_lost_connection(void)
{
    NX_SMTP_MAIL mail = mail_to_three();
    begin(with(accepting, AT_RCPT, "250 to\r\n^"));
    CHECK_STATUS(nx_smtp_mail_send_extended(&device.client, &mail), NX_NOT_CONNECTED);
    for (size_t i = 0; i < 3; i++) {
        CHECK_STATUS(three[i].nx_smtp_recipient_status, NX_NOT_CONNECTED);
        CHECK_NUMBER(three[i].nx_smtp_recipient_outcome, NX_SMTP_OUTCOME_REFUSED_FOR_NOW);
    }
    finish();
}

static void blind_copies_alone(void)
{
    NX_SMTP_MAIL mail = mail_to_three();
    mail.nx_smtp_mail_to_count = mail.nx_smtp_mail_cc_count = 0;
    begin(accepting);
    CHECK_STATUS(nx_smtp_mail_send_extended(&device.client, &mail), NX_SUCCESS);
    finish();
    CHECK_NUMBER(count_heard("\r\nTo: undisclosed-recipients:;\r\nFrom: "), 1);
}

static void mail_is_checked(void)
{
    NX_SMTP_ATTACHMENT attachment = {.nx_smtp_attachment_name = text, .nx_smtp_attachment_data = text};
    NX_SMTP_MAIL mail = mail_to_three(), wrong;
    begin(accepting);
    CHECK_STATUS(nx_smtp_mail_send_extended(NX_NULL, &mail), NX_PTR_ERROR);
    CHECK_STATUS(nx_smtp_mail_send_extended(&device.client, NX_NULL), NX_PTR_ERROR);
    wrong = mail, wrong.nx_smtp_mail_recipients = NX_NULL;
    CHECK_STATUS(nx_smtp_mail_send_extended(&device.client, &wrong), NX_PTR_ERROR);
    wrong = mail, wrong.nx_smtp_mail_subject = NX_NULL;
    CHECK_STATUS(nx_smtp_mail_send_extended(&device.client, &wrong), NX_PTR_ERROR);
    wrong = mail, wrong.nx_smtp_mail_body = NX_NULL;
    CHECK_STATUS(nx_smtp_mail_send_extended(&device.client, &wrong), NX_PTR_ERROR);
    wrong = mail, wrong.nx_smtp_mail_subject = (CHAR *)"a\nb";
    CHECK_STATUS(nx_smtp_mail_send_extended(&device.client, &wrong), NX_SMTP_INVALID_PARAM);
    wrong = mail, wrong.nx_smtp_mail_to_count = wrong.nx_smtp_mail_cc_count = wrong.nx_smtp_mail_bcc_count = 0;
    CHECK_STATUS(nx_smtp_mail_send_extended(&device.client, &wrong), NX_SMTP_INVALID_PARAM);
    three[2].nx_smtp_recipient_address = (CHAR *)"x@y>\r\nDATA";
    CHECK_STATUS(nx_smtp_mail_send_extended(&device.client, &mail), NX_SMTP_INVALID_PARAM);
    three[2].nx_smtp_recipient_address = NX_NULL;
    CHECK_STATUS(nx_smtp_mail_send_extended(&device.client, &mail), NX_PTR_ERROR);
    mail = mail_to_three();
    mail.nx_smtp_mail_attachments = &attachment;
    attachment.nx_smtp_attachment_name = (CHAR *)"a\r\nX: y";
    CHECK_STATUS(nx_smtp_mail_send_extended(&device.client, &mail), NX_SMTP_INVALID_PARAM);
    attachment.nx_smtp_attachment_name = text;
    attachment.nx_smtp_attachment_content_type = (CHAR *)"a\n";
    CHECK_STATUS(nx_smtp_mail_send_extended(&device.client, &mail), NX_SMTP_INVALID_PARAM);
    attachment.nx_smtp_attachment_data = NX_NULL;
    CHECK_STATUS(nx_smtp_mail_send_extended(&device.client, &mail), NX_PTR_ERROR);
    nx_host_thread_leave();
    CHECK_STATUS(nx_smtp_mail_send_extended(&device.client, &mail), NX_CALLER_ERROR);
    nx_host_thread_adopt(&device.thread, (CHAR *)"mail");
    finish();
    CHECK_NUMBER(server.connections, 0);
    CHECK_STATUS(nx_smtp_mail_send_extended(&device.client, &mail), NX_PTR_ERROR);
}

struct counting {
    UINT left;
    UINT step;
    UINT status;
};

/* Gives octets in small steps, and ends as it is told. */
static UINT count_down(VOID *context, UCHAR *buffer, UINT size, UINT *length)
{
    struct counting *counting = context;
    UINT give = counting->left < counting->step ? counting->left : counting->step;
    *length = give < size ? give : size;
    for (UINT i = 0; i < *length; i++)
        buffer[i] = (UCHAR)('A' + (counting->left - i) % 26);
    counting->left -= *length;
    return counting->left ? NX_SUCCESS : counting->status;
}

static void text_from_a_callback(void)
{
    struct counting counting = {5000, 7, NX_SUCCESS};
    NX_SMTP_MAIL mail = mail_to_three();
    mail.nx_smtp_mail_cc_count = mail.nx_smtp_mail_bcc_count = 0;
    mail.nx_smtp_mail_body_read = count_down;
    mail.nx_smtp_mail_body_context = &counting;
    begin_with(accepting, 512, 5);
    CHECK_STATUS(nx_smtp_mail_send_extended(&device.client, &mail), NX_SUCCESS);
    finish();
    const char *body = strstr(server.heard, "\r\n\r\n");
    CHECK(body != NULL && strlen(body) > 5004 && !strncmp(body + 5004, "\r\n.\r\nQUIT\r\n", 12));
}

/* Its status is the call's, and the mail is not delivered. */
static void callback_that_fails(void)
{
    struct counting counting = {5000, 100, NX_NOT_FOUND};
    NX_SMTP_MAIL mail = mail_to_three();
    mail.nx_smtp_mail_cc_count = mail.nx_smtp_mail_bcc_count = 0;
    mail.nx_smtp_mail_body_read = count_down;
    mail.nx_smtp_mail_body_context = &counting;
    begin(accepting);
    CHECK_STATUS(nx_smtp_mail_send_extended(&device.client, &mail), NX_NOT_FOUND);
    CHECK_STATUS(three[0].nx_smtp_recipient_status, NX_NOT_FOUND);
    CHECK_STATUS(send_mail(), NX_SUCCESS);
    finish();
    CHECK_NUMBER(count_heard("\r\n.\r\n"), 1);
}

static UINT digit_of(char octet)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = octet ? strchr(digits, octet) : NULL;
    return at ? (UINT)(at - digits) : 64;
}

/* Decodes up to the empty line or boundary; no line is longer than 76. */
static size_t decode(const char *at, unsigned char *out)
{
    size_t length = 0, count = 0;
    ULONG bits = 0;
    for (; *at && *at != '-' && !(at[0] == '\r' && at[2] == '\r'); at++) {
        UINT digit = digit_of(*at);
        if (digit == 64)
            continue;
        bits = bits << 6 | digit;
        if (++count % 4 != 1)
            out[length++] = (unsigned char)(bits >> (6 - 2 * ((count - 1) % 4)));
    }
    return length;
}

static void attachments_arrive(void)
{
    static UCHAR data[1000], got[4096];
    struct counting counting = {777, 10, NX_SUCCESS};
    NX_SMTP_ATTACHMENT second = {.nx_smtp_attachment_name = (CHAR *)"Me\xC3\x9Fwerte \"1\".csv",
                                 .nx_smtp_attachment_content_type = (CHAR *)"text/csv",
                                 .nx_smtp_attachment_read = count_down,
                                 .nx_smtp_attachment_context = &counting};
    NX_SMTP_ATTACHMENT first = {.nx_smtp_attachment_name = (CHAR *)"a \"b\" \\.bin",
                                .nx_smtp_attachment_data = data,
                                .nx_smtp_attachment_length = sizeof data,
                                .nx_smtp_attachment_next = &second};
    NX_SMTP_MAIL mail = mail_to_three();
    mail.nx_smtp_mail_cc_count = mail.nx_smtp_mail_bcc_count = 0;
    mail.nx_smtp_mail_attachments = &first;
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (UCHAR)(i * 7);
    for (ULONG payload = 128; payload < 700; payload += 61) {
        counting.left = 777;
        begin_with(accepting, payload, 6);
        CHECK_STATUS(nx_smtp_mail_send_extended(&device.client, &mail), NX_SUCCESS);
        finish();
        const char *at = strstr(server.heard, "filename=\"a \\\"b\\\" \\\\.bin\"\r\n\r\n");
        CHECK(at != NULL);
        if (!at)
            return;
        at = strstr(at, "\r\n\r\n") + 4;
        CHECK_NUMBER(decode(at, got), sizeof data);
        CHECK(memcmp(got, data, sizeof data) == 0);
        CHECK_NUMBER(strcspn(at, "\r"), 76);
        at = strstr(at, "filename*=utf-8''Me%C3%9Fwerte%20%221%22.csv\r\n\r\n");
        CHECK(at != NULL);
        if (!at)
            return;
        CHECK_NUMBER(decode(strstr(at, "\r\n\r\n") + 4, got), 777);
        CHECK_NUMBER(got[776], 'A' + 1);
        CHECK_NUMBER(count_heard("Content-Type: text/csv\r\n"), 1);
        CHECK_NUMBER(count_heard("--\r\n.\r\nQUIT"), 1);
        CHECK_NUMBER(count_heard("\r\n--=_"), 4);
    }
}

static const char *const two_mails[] = {"220 a\r\n", "250 AUTH PLAIN\r\n", "334 \r\n",    "235 w\r\n", "250 a\r\n",
                                        "250 b\r\n", "354 c\r\n",          "250 one\r\n", "250 a\r\n", "250 b\r\n",
                                        "354 c\r\n", "250 two\r\n",        "221 bye\r\n", NULL};

static void mails_share_a_kept_connection(void)
{
    NX_SMTP_CONNECTION connection;
    begin(two_mails);
    CHECK_STATUS(nx_smtp_client_connection_release(&device.client), NX_NOT_ENABLED);
    CHECK_STATUS(nx_smtp_client_connection_keep(&device.client, NX_NULL), NX_PTR_ERROR);
    CHECK_STATUS(nx_smtp_client_connection_keep(&device.client, &connection), NX_SUCCESS);
    CHECK_STATUS(nx_smtp_client_connection_keep(&device.client, &connection), NX_ALREADY_ENABLED);
    CHECK_STATUS(send_mail(), NX_SUCCESS);
    CHECK_NUMBER(connection.nx_smtp_connection_open, NX_TRUE);
    CHECK_STATUS(send_mail(), NX_SUCCESS);
    CHECK_TEXT(device.client.nx_smtp_client_reply_text, "two");
    CHECK_STATUS(nx_smtp_client_connection_release(&device.client), NX_SUCCESS);
    finish();
    CHECK_NUMBER(server.connections, 1);
    CHECK_NUMBER(count_heard(EHLO), 1);
    CHECK_NUMBER(count_heard(ENVELOPE), 2);
    CHECK_NUMBER(count_heard("QUIT\r\n"), 1);
}

/* The server refuses one mail: the next one goes over the same connection, behind RSET. */
static void kept_connection_outlives_a_refused_mail(void)
{
    static const char *const script[] = {"220 a\r\n", "250 AUTH PLAIN\r\n", "334 \r\n",  "235 w\r\n", "250 a\r\n",
                                         "550 b\r\n", "250 reset\r\n",      "250 a\r\n", "250 b\r\n", "354 c\r\n",
                                         "250 d\r\n", "221 bye\r\n",        NULL};
    NX_SMTP_CONNECTION connection;
    begin(script);
    CHECK_STATUS(nx_smtp_client_connection_keep(&device.client, &connection), NX_SUCCESS);
    CHECK_STATUS(send_mail(), NX_SMTP_RCPT_REPLY_ERROR);
    CHECK_STATUS(send_mail(), NX_SUCCESS);
    CHECK_STATUS(nx_smtp_client_connection_release(&device.client), NX_SUCCESS);
    finish();
    CHECK_NUMBER(server.connections, 1);
    CHECK_NUMBER(count_heard("RSET\r\n"), 1);
}

/* The server ends the idle connection, with a word or without: the next mail gets a new one, and arrives once. */
static void kept_connection_is_made_anew(void)
{
    static const char *const ends[] = {"250 one\r\n^", "250 one\r\n|421 idle\r\n^", "250 one\r\n!",
                                       "250 one\r\n|421 idle\r\n"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        NX_SMTP_CONNECTION connection;
        const char *const *scripts[] = {with(accepting, AT_MESSAGE, ends[i]), accepting, NULL};
        begin(accepting);
        server.scripts = scripts;
        CHECK_STATUS(nx_smtp_client_connection_keep(&device.client, &connection), NX_SUCCESS);
        CHECK_STATUS(send_mail(), NX_SUCCESS);
        tx_thread_sleep(160);
        CHECK_STATUS(send_mail(), NX_SUCCESS);
        CHECK_STATUS(nx_smtp_client_connection_release(&device.client), NX_SUCCESS);
        finish();
        CHECK_NUMBER(count_heard("\r\n.\r\n"), 2);
    }
}

/* Deleted without a release: hung up all the same. */
static void kept_connection_ends_with_its_client(void)
{
    NX_SMTP_CONNECTION connection;
    begin(accepting);
    CHECK_STATUS(nx_smtp_client_connection_keep(&device.client, &connection), NX_SUCCESS);
    CHECK_STATUS(send_mail(), NX_SUCCESS);
    finish();
}

static void pipelining_where_it_is_offered(void)
{
    static const char *const script[] = {"220 a\r\n",
                                         "250-here\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 AUTH PLAIN\r\n",
                                         "334 \r\n",
                                         "235 w\r\n",
                                         "250 a\r\n250 b\r\n354 c\r\n",
                                         "250 d\r\n",
                                         "221 e\r\n",
                                         NULL};
    begin(script);
    CHECK_STATUS(nx_smtp_client_pipelining_set(NX_NULL, NX_TRUE), NX_PTR_ERROR);
    CHECK_STATUS(nx_smtp_client_pipelining_set(&device.client, NX_TRUE), NX_SUCCESS);
    CHECK_STATUS(send_mail(), NX_SUCCESS);
    finish();
    CHECK_NUMBER(count_heard("MAIL FROM:<ada@example.com> BODY=8BITMIME\r\nRCPT TO:<bob@example.com>\r\nDATA\r\n"), 1);
}

static ULONG leap_day(VOID)
{
    return 1709210096; /* 2024-02-29 12:34:56 UTC */
}

static ULONG end_of_century(VOID)
{
    return 4107542399U; /* 2100-02-28 23:59:59 UTC; the next day is March 1 */
}

static ULONG no_clock(VOID)
{
    return 0;
}

static void date_and_message_id_from_a_clock(void)
{
    begin_with(accepting, 128, 10);
    CHECK_STATUS(nx_smtp_client_time_function_set(&device.client, NX_NULL), NX_PTR_ERROR);
    CHECK_STATUS(nx_smtp_client_time_function_set(&device.client, leap_day), NX_SUCCESS);
    CHECK_STATUS(send_mail(), NX_SUCCESS);
    CHECK_NUMBER(count_heard("\r\nDate: Thu, 29 Feb 2024 12:34:56 +0000\r\nMessage-ID: <1709210096."), 1);
    CHECK_NUMBER(count_heard("@device.example.com>\r\n"), 1);
    CHECK_STATUS(nx_smtp_client_time_function_set(&device.client, end_of_century), NX_SUCCESS);
    CHECK_STATUS(send_mail(), NX_SUCCESS);
    CHECK_NUMBER(count_heard("\r\nDate: Sun, 28 Feb 2100 23:59:59 +0000\r\n"), 1);
    CHECK_STATUS(nx_smtp_client_time_function_set(&device.client, no_clock), NX_SUCCESS);
    CHECK_STATUS(send_mail(), NX_SUCCESS);
    CHECK_NUMBER(count_heard("Date:"), 2);
    finish();
}

int main(void)
{
    RUN(recipients_have_a_status_each);
    RUN(recipients_share_a_lost_connection);
    RUN(blind_copies_alone);
    RUN(mail_is_checked);
    RUN(text_from_a_callback);
    RUN(callback_that_fails);
    RUN(attachments_arrive);
    RUN(mails_share_a_kept_connection);
    RUN(kept_connection_outlives_a_refused_mail);
    RUN(kept_connection_is_made_anew);
    RUN(kept_connection_ends_with_its_client);
    RUN(pipelining_where_it_is_offered);
    RUN(date_and_message_id_from_a_clock);
    return CHECK_EXIT();
}
