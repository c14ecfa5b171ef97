/* What is refused before an octet of a message exists, and what is said of it. */
#include "composing.h"

static struct postino_message_source composed;

static void refuses(const struct postino_message *message, enum postino_message_error error, const char *field,
                    size_t item)
{
    CHECK_NUMBER(postino_message_open(&composed, message), error);
    if (error == POSTINO_MESSAGE_OK)
        return;
    CHECK_TEXT(composed.wrong_field ? composed.wrong_field : "(null)", field);
    CHECK_NUMBER(composed.wrong_item, item);
    char octet;
    CHECK_NUMBER(composed.source.read(&composed.source, &octet, 1), POSTINO_SOURCE_FAILED);
}

static void address_is(const char *address, enum postino_message_error error)
{
    struct postino_mailbox to[2] = {{NULL, "a@b.test"}, {NULL, address ? guarded(address, strlen(address) + 1) : NULL}};
    struct postino_message message = composing_message();
    message.to = (struct postino_mailboxes){to, 2};
    refuses(&message, error, "To", 1);
}

static void addresses_are_checked(void)
{
    static const char *const wrong[] = {NULL,        "",           "a",           "a@",          "@b",        "a b@c",
                                        "<a@b>",     "a@b>",       "a@b c",       "a@b\r\nX: y", "a@b\n",     "a@b\r",
                                        "a@b,c@d",   "a@b (c)",    "a..b@c",      ".a@b",        "a@b..c",    "a@b.",
                                        "\"a@b",     "\"a\rb\"@c", "\"a\x01\"@c", "a@[1",        "a@[1] ",    "a@b@c",
                                        "a\xff@b.c", "a@b;c",      "a:b@c",       "a@b\x7f",     "a@b|c.test"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        address_is(wrong[i], POSTINO_MESSAGE_ADDRESS);
    address_is("a+b=c/d@e-f_g.test", POSTINO_MESSAGE_OK);
    address_is("\"a>b\"@c", POSTINO_MESSAGE_OK);
    address_is("a@[IPv6:::1]", POSTINO_MESSAGE_OK);
}

/* Row 143: header injection, and everything else that is no text. */
static const char *const no_texts[] = {"a\r\nBcc: evil@x.test",
                                       "a\nB: c",
                                       "a\r\n\r\nbody",
                                       "a\r",
                                       "\n",
                                       "a\x1b[2J",
                                       "\x7f",
                                       "\xc2\x85",
                                       "\xff",
                                       "\xc3",
                                       "\xc3(",
                                       "\xc0\x80",
                                       "\xe0\x80\x80",
                                       "\xed\xa0\x80",
                                       "\xf4\x90\x80\x80",
                                       "\xf0\x9f\x98",
                                       "\xf8\x88\x80\x80\x80",
                                       "\x80"};

static void texts_are_checked(void)
{
    for (size_t i = 0; i < sizeof no_texts / sizeof no_texts[0]; i++) {
        const char *bad = guarded(no_texts[i], strlen(no_texts[i]) + 1);
        struct postino_mailbox cc = {bad, "a@b.test"};
        struct postino_header header = {"X-A", bad};
        struct postino_message message = composing_message();
        message.subject = bad;
        refuses(&message, POSTINO_MESSAGE_TEXT, "Subject", 0);
        message.subject = NULL;
        message.cc = (struct postino_mailboxes){&cc, 1};
        refuses(&message, POSTINO_MESSAGE_TEXT, "Cc", 0);
        message.cc.count = 0;
        message.headers = &header;
        message.header_count = 1;
        refuses(&message, POSTINO_MESSAGE_TEXT, "X-A", 0);
    }
}

static void from_and_sender_are_needed(void)
{
    static const struct postino_mailbox two[] = {{NULL, "a@b.test"}, {NULL, "c@d.test"}};
    struct postino_message message;
    memset(&message, 0, sizeof message);
    refuses(&message, POSTINO_MESSAGE_NO_FROM, "From", 0);
    message.from = (struct postino_mailboxes){two, 2};
    refuses(&message, POSTINO_MESSAGE_SENDER, "Sender", 0);
    message.sender = (struct postino_mailboxes){two, 1};
    refuses(&message, POSTINO_MESSAGE_OK, "", 0);
    message.sender.count = 2;
    refuses(&message, POSTINO_MESSAGE_SENDER, "Sender", 0);
}

static void header_is(const char *name, const char *value, enum postino_message_error error)
{
    struct postino_header headers[2] = {{"X-A", "b"}, {name, value}};
    struct postino_message message = composing_message();
    message.headers = headers;
    message.header_count = 2;
    refuses(&message, error, name, 1);
}

static void header_names_are_checked(void)
{
    static const char *const wrong[] = {"", "a b", "a:", "a\r\nb", "\xc3\xa9", "a\t", ":", "a\x7f"};
    static const char *const taken[] = {"From", "SENDER",  "reply-to",     "To",
                                        "cc",   "Subject", "Content-Type", "content-transfer-encoding"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        header_is(wrong[i], "b", POSTINO_MESSAGE_HEADER_NAME);
    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++)
        header_is(taken[i], "b", POSTINO_MESSAGE_HEADER_TAKEN);
    header_is("Bcc", "b", POSTINO_MESSAGE_HEADER_BCC);
    header_is("resent-bcc", "b", POSTINO_MESSAGE_HEADER_BCC);
    header_is("X-A", "b", POSTINO_MESSAGE_OK);
    header_is("Bc", "b", POSTINO_MESSAGE_OK);
    header_is("a!#$%&'*+-.^_`|~{}", "b", POSTINO_MESSAGE_OK);
    header_is("X-A", NULL, POSTINO_MESSAGE_TEXT);
}

/* Row 152. */
static void headers_that_stand_once_are_not_doubled(void)
{
    static const char *const once[] = {"Date", "Message-ID", "MIME-Version", "References", "In-Reply-To"};
    for (size_t i = 0; i < sizeof once / sizeof once[0]; i++) {
        struct postino_header headers[3] = {{once[i], "b"}, {"X-A", "b"}, {once[i], "b"}};
        struct postino_message message = composing_message();
        message.headers = headers;
        message.header_count = 2;
        refuses(&message, POSTINO_MESSAGE_OK, "", 0);
        message.header_count = 3;
        refuses(&message, POSTINO_MESSAGE_HEADER_TWICE, once[i], 2);
    }
}

static void dates_and_ids_are_checked(void)
{
    static const struct postino_date wrong[] = {{INT64_MIN, 0},    {INT64_MAX, 0}, {-2208988800, -1},
                                                {253402300799, 1}, {0, 1440},      {0, -1440}};
    static const char *const ids[] = {"",      "a",     "a@",         "@b",   "<a@b>", "a@b>\r\nX: y",
                                      "a b@c", "a@b c", "\xc3\xa9@b", "a@b@c"};
    struct postino_message message = composing_message();
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        message.date = &wrong[i];
        refuses(&message, POSTINO_MESSAGE_DATE, "Date", 0);
    }
    message.date = NULL;
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        message.message_id = ids[i];
        refuses(&message, POSTINO_MESSAGE_ID, "Message-ID", 0);
    }
    message.message_id = "a.b$c@[192.0.2.1]";
    refuses(&message, POSTINO_MESSAGE_OK, "", 0);
}

static void text_type_and_charset_are_checked(void)
{
    struct postino_message message = composing_message();
    static const char *const types[] = {"",          "text",           "text/",   "application/pdf",
                                        "text/a; b", "text/a\r\nX: y", "text/a/b"};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        message.text_type = types[i];
        refuses(&message, POSTINO_MESSAGE_TYPE, "text", 0);
    }
    message.text_type = "TEXT/html";
    refuses(&message, POSTINO_MESSAGE_OK, "", 0);
    message.text_charset = "utf-8\r\nX: y";
    refuses(&message, POSTINO_MESSAGE_CHARSET, "text", 0);
    message.text_charset = "";
    refuses(&message, POSTINO_MESSAGE_CHARSET, "text", 0);
}

static void every_error_has_words(void)
{
    for (int error = 0; error <= POSTINO_MESSAGE_NO_RANDOMNESS; error++) {
        CHECK(strlen(postino_message_error_text((enum postino_message_error)error)) > 9);
        for (int other = 0; other < error; other++)
            CHECK(strcmp(postino_message_error_text((enum postino_message_error)error),
                         postino_message_error_text((enum postino_message_error)other)) != 0);
    }
}

int main(void)
{
    RUN(addresses_are_checked);
    RUN(texts_are_checked);
    RUN(from_and_sender_are_needed);
    RUN(header_names_are_checked);
    RUN(headers_that_stand_once_are_not_doubled);
    RUN(dates_and_ids_are_checked);
    RUN(text_type_and_charset_are_checked);
    RUN(every_error_has_words);
    return CHECK_EXIT();
}
