/* The text: its encoding (RFC 2045 6), its line ends, the length that is promised, and sources that stumble. */
#include "composing.h"

#define A10  "aaaaaaaaaa"
#define A70  A10 A10 A10 A10 A10 A10 A10
#define YO5  "\xd1\x91\xd1\x91\xd1\x91\xd1\x91\xd1\x91"
#define YO10 YO5 YO5
#define YO30 YO10 YO10 YO10

/* Checks encoding and body of a text. */
static void text_becomes(const char *octets, size_t length, unsigned offers, const char *encoding, const char *body)
{
    struct postino_memory_source memory;
    struct postino_message message = composing_message();
    char expected[4096];
    postino_memory_source_open(&memory, guarded(octets, length), length);
    message.text = &memory.source;
    char *text = composed_with(&message, offers);
    const char *found = strstr(text, "Content-Transfer-Encoding: ");
    snprintf(expected, sizeof expected, "Content-Transfer-Encoding: %s\r\n\r\n%s", encoding, body);
    CHECK_TEXT(found, expected);
    free(text);
}

static void becomes(const char *octets, const char *encoding, const char *body)
{
    text_becomes(octets, strlen(octets), 0, encoding, body);
}

static void plain_text_goes_as_7bit(void)
{
    becomes("", "7bit", "");
    becomes("a", "7bit", "a\r\n");
    becomes("\n", "7bit", "\r\n");
    becomes(".\n..\n", "7bit", ".\r\n..\r\n");
    becomes("a  \n\x1b\x7f\x01", "7bit", "a  \r\n\x1b\x7f\x01\r\n");
    becomes("--=_00\n", "7bit", "--=_00\r\n");
}

/* Rows 131 and 132: LF, CR and CR LF end lines, and become CR LF. */
static void line_ends_become_cr_lf(void)
{
    becomes("a\nb\rc\r\nd", "7bit", "a\r\nb\r\nc\r\nd\r\n");
    becomes("\r\r\n", "7bit", "\r\n\r\n");
    becomes("\n\r", "7bit", "\r\n\r\n");
    becomes("\r\n.\r.\n", "7bit", "\r\n.\r\n.\r\n");
    becomes("\xc3\xa9\r\r\n \n\ra", "quoted-printable", "=C3=A9\r\n\r\n=20\r\n\r\na\r\n");
}

static void eight_bit_text_goes_as_the_server_offers(void)
{
    text_becomes("caf\xc3\xa9\n", 6, POSTINO_OFFERS_8BITMIME, "8bit", "caf\xc3\xa9\r\n");
    becomes("caf\xc3\xa9\n", "quoted-printable", "caf=C3=A9\r\n");
    becomes(YO10, "base64", "0ZHRkdGR0ZHRkdGR0ZHRkdGR0ZENCg==\r\n");
    becomes(YO30 "\n", "base64",
            "0ZHRkdGR0ZHRkdGR0ZHRkdGR0ZHRkdGR0ZHRkdGR0ZHRkdGR0ZHRkdGR0ZHRkdGR0ZHRkdGR0ZHR\r\nkdGRDQo=\r\n");
}

static void nul_is_encoded(void)
{
    text_becomes("abcdef\0g", 8, POSTINO_OFFERS_8BITMIME, "quoted-printable", "abcdef=00g\r\n");
    text_becomes("\0", 1, 0, "quoted-printable", "=00\r\n");
}

static void quoted_printable_is_exact(void)
{
    becomes(A70 "aaaa\xc3\xa9", "quoted-printable", A70 "aaaa=\r\n=C3=A9\r\n");
    becomes(A70 "aa\xc3\xa9", "quoted-printable", A70 "aa=C3=\r\n=A9\r\n");
    becomes("abcdefghijklmnopqrst\xc3\xa9=  \n", "quoted-printable", "abcdefghijklmnopqrst=C3=A9=3D =20\r\n");
    becomes("abcdefghijklmnopqrst\xc3\xa9\t\n \n", "quoted-printable", "abcdefghijklmnopqrst=C3=A9=09\r\n=20\r\n");
    becomes("abcdefghijklmnopqrst\xc3\xa9 ", "quoted-printable", "abcdefghijklmnopqrst=C3=A9=20\r\n");
    becomes(A70 "\xc3 b", "quoted-printable", A70 "=C3 b\r\n");
    becomes(A70 "aa\xc3 b", "quoted-printable", A70 "aa=C3=\r\n b\r\n");
    becomes("From abcdef\n>From\nFro m\xc3\xa9\nFrom", "quoted-printable",
            "From=20abcdef\r\n>From\r\nFro m=C3=A9\r\nFrom\r\n");
}

/* Row 135: a line of 998 passes, a longer one is encoded. */
static void long_lines_are_encoded(void)
{
    char line[1000];
    memset(line, 'a', sizeof line);
    for (size_t length = 997; length <= 999; length++) {
        struct postino_memory_source memory;
        struct postino_message message = composing_message();
        postino_memory_source_open(&memory, line, length);
        message.text = &memory.source;
        char *text = composed_with(&message, 7);
        CHECK((strstr(text, "\r\nContent-Transfer-Encoding: 7bit\r\n") != NULL) == (length <= 998));
        CHECK((strstr(text, "=\r\na") != NULL) == (length > 998));
        free(text);
    }
}

static void lengths_are_promised_exactly(void)
{
    static const char *const pieces[] = {"a", "\n", "\r", "\xc3\xa9", " ", "From ", "=", "\r\n", "--=_", A70};
    unsigned random = 1;
    for (size_t round = 0; round < 400; round++) {
        char octets[2048] = "";
        for (size_t i = 0; i < round % 25; i++, random = random * 1103515245u + 12345u)
            strcat(octets, pieces[random / 65536 % 10]);
        struct postino_memory_source memory;
        struct postino_message message = composing_message();
        struct postino_message_source composed;
        postino_memory_source_open(&memory, octets, strlen(octets));
        message.text = &memory.source;
        CHECK_NUMBER(postino_message_open(&composed, &message), POSTINO_MESSAGE_OK);
        CHECK(composed.source.prepare(&composed.source, round % 2));
        struct reading reading = read_all(&composed.source, 1 + round % 300);
        CHECK(!reading.failed);
        CHECK_NUMBER(composed.source.length, reading.length);
        bool eight_bit = false;
        for (size_t i = 0; i < reading.length; i++)
            eight_bit = eight_bit || (unsigned char)reading.octets[i] >= 0x80;
        CHECK(eight_bit == !composed.source.seven_bit);
        free(reading.octets);
    }
}

static struct reading read_stumbling(struct portions *text, size_t size, uint64_t *length)
{
    struct postino_message message = composing_message();
    struct postino_message_source composed;
    message.text = &text->source;
    CHECK_NUMBER(postino_message_open(&composed, &message), POSTINO_MESSAGE_OK);
    CHECK(composed.source.rewind == NULL);
    CHECK(composed.source.prepare(&composed.source, POSTINO_OFFERS_8BITMIME));
    *length = composed.source.length;
    CHECK(composed.source.seven_bit);
    return read_all(&composed.source, size);
}

static void a_text_that_does_not_rewind_is_quoted_printable(void)
{
    const char octets[] = "caf\xc3\xa9 \r\n\rFrom b";
    for (size_t portion = 1; portion < 20; portion++) {
        for (size_t i = 0; i < READING_SIZES; i++) {
            uint64_t length;
            struct portions text = portions_of(octets, strlen(octets), portion);
            text.hesitates = portion % 2;
            struct reading reading = read_stumbling(&text, reading_sizes[i], &length);
            CHECK(!reading.failed);
            CHECK_NUMBER(length, 0);
            check_between(reading.octets, "quoted-printable", "b\r\n",
                          "quoted-printable\r\n\r\ncaf=C3=A9=20\r\n\r\nFrom=20");
            free(reading.octets);
        }
    }
}

static void a_text_that_fails_fails_the_message(void)
{
    uint64_t length;
    struct portions text = portions_of("abc", 3, 2);
    text.fails = true;
    struct reading reading = read_stumbling(&text, 64, &length);
    CHECK(reading.failed);
    free(reading.octets);
}

/* Row 138: the file was truncated, grew or changed after it was scanned. */
static void changed(const char *before, const char *after)
{
    struct postino_memory_source memory;
    struct postino_message message = composing_message();
    struct postino_message_source composed;
    postino_memory_source_open(&memory, before, strlen(before));
    message.text = &memory.source;
    CHECK_NUMBER(postino_message_open(&composed, &message), POSTINO_MESSAGE_OK);
    CHECK(composed.source.prepare(&composed.source, 0));
    memory.octets = (const uint8_t *)after;
    memory.size = strlen(after);
    struct reading reading = read_all(&composed.source, 64);
    CHECK(reading.failed);
    CHECK(reading.length < composed.source.length);
    char octet;
    CHECK_NUMBER(composed.source.read(&composed.source, &octet, 1), POSTINO_SOURCE_FAILED);
    free(reading.octets);
}

static void a_text_that_changed_fails_the_message(void)
{
    changed("abc", "ab");
    changed("abc", "abcd");
    changed("abc", "ab\xc3");
    changed("caf\xc3\xa9", "cafes");
    changed("caf\xc3\xa9", "caf");
}

static void without_prepare_the_server_offers_nothing(void)
{
    struct postino_memory_source memory;
    struct postino_message message = composing_message();
    struct postino_message_source composed;
    postino_memory_source_open(&memory, "\xc3\xa9", 2);
    message.text = &memory.source;
    CHECK_NUMBER(postino_message_open(&composed, &message), POSTINO_MESSAGE_OK);
    struct reading reading = read_all(&composed.source, 64);
    CHECK(strstr(reading.octets, "quoted-printable\r\n\r\n=C3=A9\r\n") != NULL ||
          strstr(reading.octets, "base64") != NULL);
    free(reading.octets);
}

static void the_offer_may_change_between_deliveries(void)
{
    struct postino_memory_source memory;
    struct postino_message message = composing_message();
    struct postino_message_source composed;
    char part[40];
    postino_memory_source_open(&memory, "a\xc3\xa9", 3);
    message.text = &memory.source;
    CHECK_NUMBER(postino_message_open(&composed, &message), POSTINO_MESSAGE_OK);
    CHECK(composed.source.prepare(&composed.source, POSTINO_OFFERS_8BITMIME));
    CHECK(!composed.source.seven_bit);
    CHECK_NUMBER(composed.source.read(&composed.source, part, sizeof part), sizeof part);
    CHECK(composed.source.prepare(&composed.source, 0)); /* in the midst of it: begins anew */
    CHECK(composed.source.seven_bit);
    struct reading reading = read_all(&composed.source, 64);
    CHECK_NUMBER(reading.length, composed.source.length);
    check_between(reading.octets, "From", "\r\n", "From: a@b.test");
    free(reading.octets);
}

int main(void)
{
    RUN(plain_text_goes_as_7bit);
    RUN(line_ends_become_cr_lf);
    RUN(eight_bit_text_goes_as_the_server_offers);
    RUN(nul_is_encoded);
    RUN(quoted_printable_is_exact);
    RUN(long_lines_are_encoded);
    RUN(lengths_are_promised_exactly);
    RUN(a_text_that_does_not_rewind_is_quoted_printable);
    RUN(a_text_that_fails_fails_the_message);
    RUN(a_text_that_changed_fails_the_message);
    RUN(without_prepare_the_server_offers_nothing);
    RUN(the_offer_may_change_between_deliveries);
    return CHECK_EXIT();
}
