/* Parts: multipart/mixed (RFC 2046 5.1.3), file names (RFC 2183, RFC 2231), base64 (RFC 2045 6.8). */
#include "composing.h"

#define BOUNDARY "=_000102030405060708090a0b0c0d0e0f"

static const uint8_t randomness[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

static struct postino_message with_parts(const struct postino_part *parts, size_t count)
{
    struct postino_message message = composing_message();
    message.parts = parts;
    message.part_count = count;
    message.multipart = &postino_multipart;
    message.randomness = randomness;
    return message;
}

static void text_and_parts_are_laid_out(void)
{
    struct postino_memory_source text, one, two;
    struct postino_part parts[2] = {{.source = NULL}};
    struct postino_message message = with_parts(parts, 2);
    postino_memory_source_open(&text, "Hello\n", 6);
    postino_memory_source_open(&one, "a\rb", 3);
    postino_memory_source_open(&two, "xyz!", 4);
    parts[0] =
        (struct postino_part){.source = &one.source, .filename = "a.txt", .type = "text/csv", .charset = "utf-8"};
    parts[1] = (struct postino_part){.source = &two.source, .content_id = "i@d", .disposition = POSTINO_INLINE};
    message.text = &text.source;
    char *made = composed_with(&message, 0);
    CHECK_TEXT(made, "From: a@b.test\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed;\r\n boundary=\"" BOUNDARY
                     "\"\r\n\r\n--" BOUNDARY "\r\nContent-Type: text/plain; charset=utf-8\r\n"
                     "Content-Transfer-Encoding: 7bit\r\n\r\nHello\r\n\r\n--" BOUNDARY
                     "\r\nContent-Type: text/csv;\r\n charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n"
                     "Content-Disposition: attachment;\r\n filename=\"a.txt\"\r\n\r\nYQ1i\r\n\r\n--" BOUNDARY
                     "\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n"
                     "Content-Disposition: inline\r\nContent-ID: <i@d>\r\n\r\neHl6IQ==\r\n\r\n--" BOUNDARY "--\r\n");
    free(made);
}

/* RFC 3030 3, RFC 2045 6.4. */
static void parts_are_binary_where_that_is_offered(void)
{
    struct postino_memory_source text, octets;
    struct postino_part part = {.source = &octets.source};
    struct postino_message message = with_parts(&part, 1);
    struct postino_message_source composed;
    postino_memory_source_open(&text,
                               "Gr\xc3\xbc\xc3\x9f"
                               "e\n",
                               8);
    postino_memory_source_open(&octets, "a\rb\n\xff.", 6);
    message.text = &text.source;
    char *made = composed_with(&message, POSTINO_OFFERS_8BITMIME | POSTINO_OFFERS_BINARYMIME | POSTINO_OFFERS_CHUNKING);
    CHECK_TEXT(made, "From: a@b.test\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed;\r\n boundary=\"" BOUNDARY
                     "\"\r\nContent-Transfer-Encoding: binary\r\n\r\n--" BOUNDARY
                     "\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
                     "Gr\xc3\xbc\xc3\x9f"
                     "e\r\n\r\n--" BOUNDARY
                     "\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n"
                     "Content-Disposition: attachment\r\n\r\na\rb\n\xff.\r\n--" BOUNDARY "--\r\n");
    free(made);
    CHECK_NUMBER(postino_message_open(&composed, &message), POSTINO_MESSAGE_OK);
    static const unsigned not_enough[] = {0, POSTINO_OFFERS_BINARYMIME, POSTINO_OFFERS_CHUNKING};
    for (size_t i = 0; i < 3; i++) {
        CHECK(composed.source.prepare(&composed.source, POSTINO_OFFERS_BINARYMIME | POSTINO_OFFERS_CHUNKING));
        CHECK(composed.source.binary);
        CHECK(composed.source.prepare(&composed.source, not_enough[i]));
        CHECK(!composed.source.binary);
        CHECK(octets.source.rewind(&octets.source));
        made = composed_with(&message, not_enough[i]);
        CHECK(strstr(made, "Content-Transfer-Encoding: base64") && !strstr(made, "binary"));
        free(made);
    }
    message.part_count = 0;
    CHECK_NUMBER(postino_message_open(&composed, &message), POSTINO_MESSAGE_OK);
    CHECK(composed.source.prepare(&composed.source, POSTINO_OFFERS_BINARYMIME | POSTINO_OFFERS_CHUNKING));
    CHECK(!composed.source.binary);
}

static void filename_becomes(const char *filename, const char *expected)
{
    struct postino_memory_source memory;
    struct postino_part part = {.source = &memory.source, .filename = guarded(filename, strlen(filename) + 1)};
    struct postino_message message = with_parts(&part, 1);
    postino_memory_source_open(&memory, "a", 1);
    char *made = composed_with(&message, 0);
    check_between(made, " filename", "\r\n\r\n", expected);
    free(made);
}

#define A50 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

/* Row 144. */
static void file_names_are_told_exactly_once(void)
{
    filename_becomes("a.txt", " filename=\"a.txt\"");
    filename_becomes("a b;c=d.txt", " filename=\"a b;c=d.txt\"");
    filename_becomes("../../etc/passwd", " filename=\"passwd\"");
    filename_becomes("C:\\x", " filename=\"x\"");
    filename_becomes("a\\b/c", " filename=\"c\"");
    filename_becomes("x\"; filename=\"y.exe", " filename=\"x\\\"; filename=\\\"y.exe\"");
    filename_becomes("na\xc3\xafve.txt", " filename*=utf-8''na%C3%AFve.txt");
    filename_becomes("\xe2\x80\xaegpj.exe", " filename*=utf-8''%E2%80%AEgpj.exe");
    filename_becomes("=?x?=", " filename*=utf-8''%3D%3Fx%3F%3D");
    filename_becomes("\xc3\xa9*'% ", " filename*=utf-8''%C3%A9%2A%27%25%20");
    filename_becomes(A50 "aaaaaaaaaa", " filename=\"" A50 "aaaaaaaaaa\"");
    filename_becomes(A50 "aaaaaaaaaaa", " filename*0*=utf-8''" A50 "aaaaa;\r\n filename*1*=aaaaaa");
    filename_becomes(A50 "aaa\xc3\xa9", " filename*0*=utf-8''" A50 "aaa;\r\n filename*1*=%C3%A9");
    filename_becomes(A50 "aaaaa\xc3\xa9", " filename*0*=utf-8''" A50 "aaaaa;\r\n filename*1*=%C3%A9");
    filename_becomes("...", " filename=\"...\"");
}

static void refuses(const struct postino_message *message, enum postino_message_error error, size_t item)
{
    struct postino_message_source composed;
    CHECK_NUMBER(postino_message_open(&composed, message), error);
    CHECK_TEXT(composed.wrong_field ? composed.wrong_field : "", error ? "part" : "");
    CHECK_NUMBER(composed.wrong_item, item);
}

static void part_is(const struct postino_part *part, enum postino_message_error error)
{
    struct postino_memory_source memory;
    struct postino_part parts[2] = {{.source = &memory.source}, *part};
    struct postino_message message = with_parts(parts, 2);
    postino_memory_source_open(&memory, "a", 1);
    if (!part->source && error != POSTINO_MESSAGE_NO_SOURCE)
        parts[1].source = &memory.source;
    refuses(&message, error, error ? 1 : 0);
}

/* Rows 144 and 145. */
static void parts_are_checked(void)
{
    static const char *const files[] = {"",          ".",   "..",    "a/",       "a\\", "a/..",
                                        "a\r\nX: y", "a\n", "a\x01", "\xc2\x9f", "\xff"};
    static const char *const types[] = {"",       "a",           "/",     "a/",    "/b",
                                        "a/b; c", "a/b\r\nX: y", "a/b c", "a/b/c", "\xc3\xa9/b"};
    static const char *const composites[] = {"message/rfc822", "MULTIPART/mixed", "Message/partial"};
    static const char *const ids[] = {"", "x", "x>\r\nY: z", "<a@b>", "a@b>"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        part_is(&(struct postino_part){.filename = files[i]}, POSTINO_MESSAGE_FILENAME);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        part_is(&(struct postino_part){.type = types[i]}, POSTINO_MESSAGE_TYPE);
    for (size_t i = 0; i < sizeof composites / sizeof composites[0]; i++)
        part_is(&(struct postino_part){.type = composites[i]}, POSTINO_MESSAGE_COMPOSITE);
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
        part_is(&(struct postino_part){.content_id = ids[i]}, POSTINO_MESSAGE_ID);
    part_is(&(struct postino_part){.charset = "a b"}, POSTINO_MESSAGE_CHARSET);
    part_is(&(struct postino_part){.source = NULL}, POSTINO_MESSAGE_NO_SOURCE);
    part_is(&(struct postino_part){.type = "messages/x", .filename = ".a"}, POSTINO_MESSAGE_OK);
}

static void parts_need_their_code_and_randomness(void)
{
    struct postino_memory_source memory;
    struct postino_part part = {.source = &memory.source};
    struct postino_message message = with_parts(&part, 1);
    postino_memory_source_open(&memory, "a", 1);
    message.randomness = NULL;
    refuses(&message, POSTINO_MESSAGE_NO_RANDOMNESS, 0);
    message.multipart = NULL;
    refuses(&message, POSTINO_MESSAGE_NO_MULTIPART, 0);
}

/* Rows 144, 150: each length around lines and groups comes back, and is promised exactly. */
static size_t decoded(const char *text, uint8_t *out)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned long bits = 0;
    size_t waiting = 0, length = 0;
    for (; *text && *text != '='; text++) {
        if (*text == '\r' || *text == '\n')
            continue;
        bits = bits << 6 | (unsigned long)(strchr(alphabet, *text) - alphabet);
        waiting += 6;
        if (waiting >= 8) {
            waiting -= 8;
            out[length++] = (uint8_t)(bits >> waiting);
            bits &= (1ul << waiting) - 1;
        }
    }
    return length;
}

static void base64_of_every_length_comes_back(void)
{
    uint8_t octets[300], back[400];
    for (size_t i = 0; i < sizeof octets; i++)
        octets[i] = (uint8_t)(i * 7 + i / 5);
    for (size_t length = 1; length < sizeof octets; length++) {
        struct postino_memory_source memory;
        struct postino_part part = {.source = &memory.source};
        struct postino_message message = with_parts(&part, 1);
        struct postino_message_source composed;
        postino_memory_source_open(&memory, octets, length);
        CHECK_NUMBER(postino_message_open(&composed, &message), POSTINO_MESSAGE_OK);
        CHECK(composed.source.prepare(&composed.source, 0));
        struct reading reading = read_all(&composed.source, 1 + length * 3);
        CHECK_NUMBER(reading.length, composed.source.length);
        char *body = strstr(reading.octets, "attachment\r\n\r\n"), *end = body ? strstr(body, "\r\n--=_") : NULL;
        CHECK(body && end);
        if (body && end) {
            *end = 0;
            body += 14;
            size_t count = decoded(body, back);
            CHECK(count == length && !memcmp(back, octets, length));
            CHECK_NUMBER(strcspn(body, "\r"), length < 57 ? (length + 2) / 3 * 4 : 76);
        }
        free(reading.octets);
    }
}

static void sources_may_come_in_portions(void)
{
    char octets[1000];
    for (size_t i = 0; i < sizeof octets; i++)
        octets[i] = (char)(i * 31);
    char *expected = NULL;
    for (size_t portion = 1; portion < 200; portion += portion < 70 ? 1 : 13) {
        struct portions source = portions_of(octets, sizeof octets, portion);
        struct postino_part part = {.source = &source.source};
        struct postino_message message = with_parts(&part, 1);
        struct postino_message_source composed;
        source.hesitates = portion % 2;
        CHECK_NUMBER(postino_message_open(&composed, &message), POSTINO_MESSAGE_OK);
        struct reading reading = read_all(&composed.source, reading_sizes[portion % READING_SIZES]);
        CHECK(!reading.failed);
        CHECK_NUMBER(composed.source.length, 0);
        if (expected)
            CHECK_TEXT(reading.octets, expected);
        else
            expected = strdup(reading.octets);
        free(reading.octets);
    }
    free(expected);
}

/* Row 138. */
static void a_part_of_another_length_fails(void)
{
    for (size_t length = 99; length <= 101; length++) {
        char octets[101] = "";
        struct portions source = portions_of(octets, length, 40);
        struct postino_part part = {.source = &source.source};
        struct postino_message message = with_parts(&part, 1);
        struct postino_message_source composed;
        source.source.length = 100;
        CHECK_NUMBER(postino_message_open(&composed, &message), POSTINO_MESSAGE_OK);
        struct reading reading = read_all(&composed.source, 200);
        CHECK(reading.failed == (length != 100));
        CHECK((strstr(reading.octets, "--" BOUNDARY "--") != NULL) == (length == 100));
        free(reading.octets);
    }
}

/* The session may have promised `length` octets as one chunk: a part that grew must not fill them up. */
static void a_part_that_grew_fails_before_the_promised_length(void)
{
    static char octets[1000];
    struct portions source = portions_of(octets, sizeof octets, 40);
    struct postino_part part = {.source = &source.source};
    struct postino_message message = with_parts(&part, 1);
    struct postino_message_source composed;
    source.source.length = 100;
    CHECK_NUMBER(postino_message_open(&composed, &message), POSTINO_MESSAGE_OK);
    struct reading reading = read_all(&composed.source, 1);
    CHECK(reading.failed);
    CHECK(reading.length < composed.source.length);
    free(reading.octets);
}

/* A text cannot hold the boundary, even if it knows it: it is not sent as it is, and quoted-printable has no "=_". */
static void no_text_holds_the_boundary(void)
{
    static const char *const texts[] = {"--" BOUNDARY "--\n", "a\n--" BOUNDARY "\nb", "a\r--=_",
                                        "--" BOUNDARY "\xc3\xa9\n"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct postino_memory_source memory, text;
        struct postino_part part = {.source = &memory.source};
        struct postino_message message = with_parts(&part, 1);
        postino_memory_source_open(&memory, "a", 1);
        postino_memory_source_open(&text, texts[i], strlen(texts[i]));
        message.text = &text.source;
        char *made = composed_with(&message, POSTINO_OFFERS_8BITMIME);
        size_t count = 0;
        for (char *at = made; (at = strstr(at, "\r\n--=_")) != NULL; at++)
            count++;
        CHECK_NUMBER(count, 3);
        free(made);
    }
}

/* Row 142: a length that does not fit is not known; nothing is read here. */
static void large_lengths_do_not_wrap(void)
{
    static const struct {
        size_t length;
        uint64_t base64;
    } rows[] = {{SIZE_MAX / 4, sizeof(size_t) == 8 ? UINT64_C(6310728235742741342) : UINT64_C(1469330916)},
                {SIZE_MAX, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct portions source = portions_of("", 0, 1);
        struct postino_part part = {.source = &source.source};
        struct postino_message message = with_parts(&part, 1);
        struct postino_message_source composed;
        source.source.length = 1;
        CHECK_NUMBER(postino_message_open(&composed, &message), POSTINO_MESSAGE_OK);
        CHECK(composed.source.prepare(&composed.source, 0));
        size_t small = composed.source.length;
        source.source.length = rows[i].length;
        CHECK(composed.source.prepare(&composed.source, 0));
        CHECK_NUMBER(composed.source.length, rows[i].base64 ? small - 6 + rows[i].base64 : 0);
    }
}

int main(void)
{
    RUN(text_and_parts_are_laid_out);
    RUN(file_names_are_told_exactly_once);
    RUN(parts_are_checked);
    RUN(parts_need_their_code_and_randomness);
    RUN(base64_of_every_length_comes_back);
    RUN(sources_may_come_in_portions);
    RUN(a_part_of_another_length_fails);
    RUN(a_part_that_grew_fails_before_the_promised_length);
    RUN(no_text_holds_the_boundary);
    RUN(large_lengths_do_not_wrap);
    RUN(parts_are_binary_where_that_is_offered);
    return CHECK_EXIT();
}
