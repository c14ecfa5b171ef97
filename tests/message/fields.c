/* Header fields: folding (RFC 5322 2.2.3), names (3.2.5, 3.4), encoded words (RFC 2047), dates (RFC 5322 3.3). */
#include "composing.h"

#define A10 "aaaaaaaaaa"
#define A50 A10 A10 A10 A10 A10
#define A70 A50 A10 A10

static void subject_becomes(const char *subject, const char *expected)
{
    struct postino_message message = composing_message();
    message.subject = subject;
    char *text = composed_with(&message, 0);
    check_between(text, "Subject:", "\r\nMIME-Version", expected);
    free(text);
}

static void plain_subjects_stay(void)
{
    subject_becomes("Hello", "Subject: Hello");
    subject_becomes("", "Subject:");
    subject_becomes("a = b? _ =x", "Subject: a = b? _ =x");
    subject_becomes(A50 " bbbbbbbbbbbbbbbb", "Subject: " A50 " bbbbbbbbbbbbbbbb");
    subject_becomes(A50 " bbbbbbbbbbbbbbbbb", "Subject: " A50 "\r\n bbbbbbbbbbbbbbbbb");
    subject_becomes("b " A70 "aaaaa", "Subject: b\r\n " A70 "aaaaa");
}

static void other_subjects_are_encoded(void)
{
    subject_becomes("Gr\xc3\xbc\xc3\x9f", "Subject: =?UTF-8?B?R3LDvMOf?=");
    subject_becomes("cafes caf\xc3\xa9 au lait", "Subject: cafes =?UTF-8?B?Y2Fmw6k=?= au lait");
    subject_becomes("na\xc3\xafve-name", "Subject: =?UTF-8?Q?na=C3=AFve-name?=");
    subject_becomes("=?x?=", "Subject: =?UTF-8?B?PT94Pz0=?=");
    subject_becomes("a\tb", "Subject: =?UTF-8?B?YQli?=");
    subject_becomes("b " A70 "aaaaaa", "Subject: b =?UTF-8?Q?" A50 "aaa?=\r\n =?UTF-8?Q?" A10 A10 "aaa?=");
}

/* White space is kept: what readers may change or drop is encoded (RFC 2047 6.2; RFC 5322 2.2.3). */
static void white_space_is_kept(void)
{
    subject_becomes(" ", "Subject: =?UTF-8?Q?_?=");
    subject_becomes(" a", "Subject: =?UTF-8?Q?_a?=");
    subject_becomes("a ", "Subject: =?UTF-8?Q?a_?=");
    subject_becomes("a  b c", "Subject: =?UTF-8?Q?a__b?= c");
    subject_becomes("\xc3\xa9 \xc3\xa8 a \xc3\xa9", "Subject: =?UTF-8?B?w6kgw6g=?= a =?UTF-8?B?w6k=?=");
    subject_becomes("\xc3\xa9_ b", "Subject: =?UTF-8?B?w6lf?= b");
}

#define GRIN  "\xf0\x9f\x98\x80"
#define GRIN5 GRIN GRIN GRIN GRIN GRIN

static void words_hold_whole_characters(void)
{
    subject_becomes(GRIN5 GRIN5 GRIN5, "Subject: =?UTF-8?B?8J+YgPCfmIDwn5iA8J+YgPCfmIDwn5iA8J+YgPCfmIDwn5iA?=\r\n"
                                       " =?UTF-8?B?8J+YgPCfmIDwn5iA8J+YgPCfmIDwn5iA?=");
}

static void to_becomes(const char *name, const char *address, const char *expected)
{
    struct postino_mailbox to = {name, address};
    struct postino_message message = composing_message();
    message.to = (struct postino_mailboxes){&to, 1};
    char *text = composed_with(&message, POSTINO_OFFERS_SMTPUTF8);
    check_between(text, "To:", "\r\nMIME-Version", expected);
    free(text);
}

static void names_are_quoted_or_encoded(void)
{
    to_becomes(NULL, "a@b.test", "To: a@b.test");
    to_becomes("", "a@b.test", "To: a@b.test");
    to_becomes("Ada L", "a@b.test", "To: Ada L <a@b.test>");
    to_becomes("Doe, J.", "a@b.test", "To: \"Doe, J.\" <a@b.test>");
    to_becomes("a\"b\\", "a@b.test", "To: \"a\\\"b\\\\\" <a@b.test>");
    to_becomes("a  b", "a@b.test", "To: \"a  b\" <a@b.test>");
    to_becomes(" a", "a@b.test", "To: \" a\" <a@b.test>");
    to_becomes("x@y.test", "a@b.test", "To: \"x@y.test\" <a@b.test>");
    to_becomes("J\xc3\xb6rg (x)", "a@b.test", "To: =?UTF-8?B?SsO2cmcgKHgp?= <a@b.test>");
    to_becomes("na\xc3\xafve long plain name, x", "a@b.test",
               "To: =?UTF-8?Q?na=C3=AFve_long_plain_name=2C_x?= <a@b.test>");
    to_becomes("=?x?=", "a@b.test", "To: =?UTF-8?B?PT94Pz0=?= <a@b.test>");
    to_becomes(A50, "aaaaaaaaaaaaa@b.test", "To: " A50 "\r\n <aaaaaaaaaaaaa@b.test>");
    to_becomes(A70 "aaa", "a@b.test", "To: =?UTF-8?Q?" A50 "aaaaaaaaaa?=\r\n =?UTF-8?Q?aaaaaaaaaaaaa?= <a@b.test>");
    to_becomes(NULL, "\"a b\"@b.test", "To: \"a b\"@b.test");
    to_becomes(NULL, "j\xc3\xb6@b.test", "To: j\xc3\xb6@b.test");
}

static void address_lists_are_folded(void)
{
    static const struct postino_mailbox boxes[] = {
        {NULL, A50 "@b.test"}, {NULL, A10 "@b.test"}, {"Ada", "a@b.test"}, {"B.", "b@b.test"}};
    struct postino_message message = composing_message();
    message.cc = (struct postino_mailboxes){boxes, 4};
    message.reply_to = (struct postino_mailboxes){boxes + 2, 2};
    message.sender = (struct postino_mailboxes){boxes + 3, 1};
    char *text = composed_with(&message, 0);
    check_between(text, "From:", "\r\nMIME-Version",
                  "From: a@b.test\r\nSender: \"B.\" <b@b.test>\r\nReply-To: Ada <a@b.test>, \"B.\" <b@b.test>\r\n"
                  "Cc: " A50 "@b.test,\r\n " A10 "@b.test, Ada <a@b.test>, \"B.\" <b@b.test>");
    free(text);
}

static void a_wide_address_needs_smtputf8(void)
{
    struct postino_mailbox to = {NULL, "j\xc3\xb6@b.test"};
    struct postino_message message = composing_message();
    message.to = (struct postino_mailboxes){&to, 1};
    struct postino_message_source composed;
    CHECK_NUMBER(postino_message_open(&composed, &message), POSTINO_MESSAGE_OK);
    CHECK(!composed.source.prepare(&composed.source, POSTINO_OFFERS_8BITMIME));
    CHECK(composed.source.prepare(&composed.source, POSTINO_OFFERS_SMTPUTF8));
    CHECK(!composed.source.seven_bit);
}

static void header_becomes(const char *name, const char *value, const char *expected)
{
    struct postino_header header = {name, value};
    struct postino_message message = composing_message();
    message.headers = &header;
    message.header_count = 1;
    char *text = composed_with(&message, 0);
    check_between(text, name, "\r\nMIME-Version", expected);
    free(text);
}

static void ascii_values_go_as_they_are(void)
{
    header_becomes("X-A", "b", "X-A: b");
    header_becomes("X-A", "", "X-A:");
    header_becomes("X-A", "a\t\tb  c =?UTF-8?Q?d?=", "X-A: a\t\tb  c =?UTF-8?Q?d?=");
    header_becomes("X-A", A50 "\t" A50, "X-A: " A50 "\r\n\t" A50);
    header_becomes("X-A", A50 A50 " " A50 A50, "X-A: " A50 A50 "\r\n " A50 A50);
    header_becomes("X-A", "\xc3\xa9 <" A10 ">", "X-A: =?UTF-8?B?w6k=?= <" A10 ">");
}

/* Row 148: a value without a place to fold is encoded before its line is longer than 998. */
static void a_value_of_any_length_keeps_the_limit(void)
{
    char value[3000];
    for (size_t length = 890; length < sizeof value; length += 7) {
        struct postino_header header = {"X-Aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                                        value};
        struct postino_message message = composing_message();
        memset(value, 'a', length);
        memset(value + 1, ' ', length % 3 == 0 ? length / 2 : 0);
        value[length] = 0;
        message.headers = &header;
        message.header_count = 1;
        message.subject = value;
        char *text = composed_with(&message, 0);
        for (char *line = text, *end; (end = strstr(line, "\r\n")) != NULL; line = end + 2) {
            CHECK(end - line <= 998);
            CHECK(end == line || (size_t)(end - line) > strspn(line, " \t"));
        }
        free(text);
    }
}

static void headers_of_the_caller_replace_ours(void)
{
    static const struct postino_header headers[] = {
        {"date", "never"}, {"MESSAGE-ID", "<x@y>"}, {"Mime-Version", "1.0"}};
    static const struct postino_date date = {0, 0};
    struct postino_message message = composing_message();
    message.headers = headers;
    message.header_count = 3;
    message.date = &date;
    message.message_id = "a@b";
    char *text = composed_with(&message, 0);
    check_between(text, "", "\r\nContent-Type",
                  "From: a@b.test\r\ndate: never\r\nMESSAGE-ID: <x@y>\r\nMime-Version: 1.0");
    free(text);
}

static void date_becomes(int64_t seconds, int16_t zone, const char *expected)
{
    struct postino_date date = {seconds, zone};
    struct postino_message message = composing_message();
    message.date = &date;
    message.message_id = "a.b@c.test";
    char *text = composed_with(&message, 0);
    check_between(text, "Date:", "\r\nFrom:", expected);
    check_between(text, "Message-ID:", "\r\nMIME", "Message-ID: <a.b@c.test>");
    free(text);
}

static void dates_are_right(void)
{
    date_becomes(0, 0, "Date: Thu, 01 Jan 1970 00:00:00 +0000");
    date_becomes(0, -1, "Date: Wed, 31 Dec 1969 23:59:00 -0001");
    date_becomes(951782400, 0, "Date: Tue, 29 Feb 2000 00:00:00 +0000");
    date_becomes(1795465044, 330, "Date: Tue, 24 Nov 2026 01:47:24 +0530");
    date_becomes(4107542399, 0, "Date: Sun, 28 Feb 2100 23:59:59 +0000");
    date_becomes(4107542400, 0, "Date: Mon, 01 Mar 2100 00:00:00 +0000");
    date_becomes(-2208988799, 0, "Date: Mon, 01 Jan 1900 00:00:01 +0000");
    date_becomes(253402300799, 0, "Date: Fri, 31 Dec 9999 23:59:59 +0000");
}

static void message_ids_are_made(void)
{
    static const uint8_t randomness[16] = {0, 1, 0xfe, 0xff};
    char id[64];
    CHECK(postino_message_id(id, 34 + 6, randomness, "b.test"));
    CHECK_TEXT(id, "0001feff000000000000000000000000@b.test");
    CHECK(!postino_message_id(id, 33 + 6, randomness, "b.test"));
    CHECK(!postino_message_id(id, sizeof id, randomness, "b.test>\r\nX: y"));
    CHECK(!postino_message_id(id, sizeof id, randomness, ""));
}

int main(void)
{
    RUN(plain_subjects_stay);
    RUN(other_subjects_are_encoded);
    RUN(white_space_is_kept);
    RUN(words_hold_whole_characters);
    RUN(names_are_quoted_or_encoded);
    RUN(address_lists_are_folded);
    RUN(a_wide_address_needs_smtputf8);
    RUN(ascii_values_go_as_they_are);
    RUN(a_value_of_any_length_keeps_the_limit);
    RUN(headers_of_the_caller_replace_ours);
    RUN(dates_are_right);
    RUN(message_ids_are_made);
    return CHECK_EXIT();
}
