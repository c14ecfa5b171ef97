/* The smallest composer, at every buffer size and every portion of what is attached. */
#include "check.h"
#include "reading.h"

static struct postino_small_message plain_of(struct postino_source *attachment)
{
    return (struct postino_small_message){.from = "Boiler 7 <boiler@example.test>",
                                          .to = "a@example.test, b@example.test",
                                          .subject = "Too hot",
                                          .message_id = "1@example.test",
                                          .text = "95 degrees.\nGo and look.\n",
                                          .attachment = attachment,
                                          .filename = attachment ? "log.csv" : NULL,
                                          .type = attachment ? "text/csv" : NULL};
}

#define HEAD                                                                                                           \
    "From: Boiler 7 <boiler@example.test>\r\nTo: a@example.test, b@example.test\r\nSubject: Too hot\r\n"               \
    "Message-ID: <1@example.test>\r\nMIME-Version: 1.0\r\nContent-Type: "

static void a_text_alone(void)
{
    for (size_t i = 0; i < READING_SIZES; i++) {
        struct postino_small_message plain = plain_of(NULL);
        CHECK(postino_small_message_open(&plain));
        for (int round = 0; round < 2; round++) {
            struct reading reading = read_all(&plain.source, reading_sizes[i]);
            CHECK(!reading.failed);
            CHECK_TEXT(reading.octets, HEAD "text/plain; charset=us-ascii\r\n\r\n95 degrees.\nGo and look.\n");
            free(reading.octets);
            CHECK(plain.source.rewind(&plain.source));
        }
    }
}

static void with_an_attachment(void)
{
    static const struct {
        const char *in, *out;
    } rows[] = {{"", ""},
                {"a", "YQ==\r\n"},
                {"ab", "YWI=\r\n"},
                {"abc", "YWJj\r\n"},
                {"123456789012345678901234567890123456789012345678901234567",
                 "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3\r\n"},
                {"1234567890123456789012345678901234567890123456789012345678",
                 "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3\r\nOA==\r\n"}};
    char expected[1024];
    for (size_t row = 0; row < sizeof rows / sizeof *rows; row++)
        for (size_t i = 0; i < READING_SIZES; i++)
            for (size_t portion = 1; portion < 100; portion += 19) {
                struct portions inner = portions_of(rows[row].in, strlen(rows[row].in), portion);
                struct postino_small_message plain = plain_of(&inner.source);
                inner.hesitates = portion == 20;
                CHECK(postino_small_message_open(&plain));
                CHECK(!plain.source.rewind);
                snprintf(expected, sizeof expected,
                         HEAD
                         "multipart/mixed; boundary=\"=_\"\r\n\r\n--=_\r\n\r\n95 degrees.\nGo and look.\n\r\n--=_\r\n"
                         "Content-Type: text/csv\r\nContent-Transfer-Encoding: base64\r\n"
                         "Content-Disposition: attachment; filename=\"log.csv\"\r\n\r\n%s--=_--\r\n",
                         rows[row].out);
                struct reading reading = read_all(&plain.source, reading_sizes[i]);
                CHECK(!reading.failed);
                CHECK_TEXT(reading.octets, expected);
                free(reading.octets);
            }
}

static void what_it_cannot_say_is_refused(void)
{
    struct portions inner = portions_of("a", 1, 1);
    static const char *const wrong[] = {"", "a\r\nBcc: b@x.test", "a\nb", "a\rb", "\t", "\x7f", "\xc3\xa9"};
    char long_value[902];
    memset(long_value, 'x', 901);
    long_value[901] = '\0';
    for (size_t i = 0; i <= sizeof wrong / sizeof *wrong; i++) {
        const char *value = i < sizeof wrong / sizeof *wrong ? wrong[i] : long_value;
        for (int member = 0; member < 6; member++) {
            struct postino_small_message plain = plain_of(&inner.source);
            const char **members[] = {&plain.from,       &plain.to,       &plain.subject,
                                      &plain.message_id, &plain.filename, &plain.type};
            *members[member] = value;
            CHECK(!postino_small_message_open(&plain));
        }
    }
    long_value[900] = '\0';
    struct postino_small_message plain = plain_of(NULL);
    plain.subject = long_value;
    CHECK(postino_small_message_open(&plain));
    static const char *const texts[] = {"--=_", "a\n--=_\n", "a\r--=_", "a\n--=_x", "\x01", "\xc3\xa9", "a\x7f"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        plain.text = texts[i];
        CHECK(!postino_small_message_open(&plain));
    }
    static const char *const good[] = {"", "--=", "a --=_", "\n--=\n_", "-\n-=_", "a\tb\r\n"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        plain.text = good[i];
        CHECK(postino_small_message_open(&plain));
    }
    static const char *const ids[] = {"a b@c", "<a@b>", "a@b>"};
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        plain = plain_of(NULL);
        plain.message_id = ids[i];
        CHECK(!postino_small_message_open(&plain));
    }
    static const char *const names[] = {"a\"b", "a\\b", "../a"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        plain = plain_of(&inner.source);
        plain.filename = names[i];
        CHECK(!postino_small_message_open(&plain));
    }
}

static void failures_are_passed_on(void)
{
    struct portions inner = portions_of("abc", 3, 2);
    struct postino_small_message plain = plain_of(&inner.source);
    inner.fails = true;
    CHECK(postino_small_message_open(&plain));
    struct reading reading = read_all(&plain.source, 64);
    CHECK(reading.failed);
    free(reading.octets);
}

int main(void)
{
    RUN(a_text_alone);
    RUN(with_an_attachment);
    RUN(what_it_cannot_say_is_refused);
    RUN(failures_are_passed_on);
    return CHECK_EXIT();
}
