/*
 * Messages that exist, for a server without 8BITMIME, at every buffer size and every portion of the source.
 * `downgrade - SIZE PORTION` reads a message from standard input and writes what becomes of it, for downgraded.py.
 */
#include "check.h"
#include "reading.h"

#include <stdio.h>

#define E_ACUTE "\xc3\xa9"

static bool rewind_portions(struct postino_source *source)
{
    ((struct portions *)source)->at = 0;
    return true;
}

static struct portions rewinding(const char *octets, size_t length, size_t portion)
{
    struct portions portions = portions_of(octets, length, portion);
    portions.source.rewind = rewind_portions;
    return portions;
}

static size_t as_sent(const char *text)
{
    struct postino_memory_source memory;
    postino_memory_source_open_message(&memory, text, strlen(text));
    return memory.source.length;
}

static void becomes(const char *in, const char *out)
{
    bool seven_bit = true;
    for (const char *at = out; *at; at++)
        seven_bit = seven_bit && !((unsigned char)*at & 0x80);
    for (size_t i = 0; i < READING_SIZES; i++) {
        for (size_t portion = 1; portion <= 5; portion++) {
            struct portions inner = rewinding(in, strlen(in), portion == 5 ? 4096 : portion);
            struct postino_downgrade downgrade;
            postino_downgrade_open(&downgrade, &inner.source);
            for (int round = 0; round < 2; round++) {
                CHECK(downgrade.source.prepare(&downgrade.source, 0));
                CHECK_NUMBER(downgrade.source.length, as_sent(out));
                CHECK_NUMBER(downgrade.source.seven_bit, seven_bit);
                inner.hesitates = portion == 2;
                struct reading reading = read_all(&downgrade.source, reading_sizes[i]);
                inner.hesitates = false;
                CHECK(!reading.failed);
                CHECK_TEXT(reading.octets, out);
                free(reading.octets);
            }
            CHECK(downgrade.source.prepare(&downgrade.source, POSTINO_OFFERS_8BITMIME));
            struct reading reading = read_all(&downgrade.source, reading_sizes[i]);
            CHECK_TEXT(reading.octets, in);
            free(reading.octets);
        }
    }
}

static void stays(const char *in)
{
    becomes(in, in);
}

#define PLAIN "Content-Type: text/plain; charset=utf-8\r\n"
#define BITS  "Content-Transfer-Encoding: 8bit\r\n"
#define SEVEN "Content-Transfer-Encoding: 7bit\r\n"
#define QUOTE "Content-Transfer-Encoding: quoted-printable\r\n"
#define MIXED "Content-Type: multipart/mixed; boundary=b\r\n"

static void a_text_becomes_quoted_printable(void)
{
    becomes("A: b\r\n" PLAIN BITS "C: d\r\n\r\n" E_ACUTE " = e\r\n",
            "A: b\r\n" PLAIN "C: d\r\n" QUOTE "\r\n=C3=A9 =3D e\r\n");
    becomes(BITS "\r\n" E_ACUTE " \r\n\r\nFrom x\r\n", QUOTE "\r\n=C3=A9=20\r\n\r\nFrom=20x\r\n");
    becomes("content-transfer-encoding \t:8BIT\n" PLAIN "\n" E_ACUTE, PLAIN QUOTE "\r\n=C3=A9\r\n");
    becomes("Content-Transfer-Encoding:\r\n\t8Bit\r\n (as it is)\r\n\r\n" E_ACUTE "\r\n", QUOTE "\r\n=C3=A9\r\n");
    becomes("Content-Transfer-Encoding: 8bit (and that is what the value of this field is)\r\n\r\n=\r\n",
            QUOTE "\r\n=3D\r\n");
    becomes(BITS, QUOTE);
    becomes(BITS "A: b", "A: b\r\n" QUOTE);
}

static void what_is_declared_otherwise_stays(void)
{
    stays("");
    stays("\r\n" E_ACUTE "\r\n");
    stays("A: b\r\n\r\n" E_ACUTE "\r\n");
    stays(PLAIN QUOTE "\r\n=C3=A9 =\r\n=3D\r\n");
    stays(PLAIN "Content-Transfer-Encoding: base64\r\n\r\nw6k=\r\n");
    stays(PLAIN "Content-Transfer-Encoding: binary\r\n\r\n" E_ACUTE "\r\n");
    stays(PLAIN "Content-Transfer-Encoding: 8bitter\r\n\r\n" E_ACUTE "\r\n");
    stays(PLAIN "Content-Transfer-Encoding: 8bit x\r\n\r\n" E_ACUTE "\r\n");
    stays(PLAIN "Content-Transfer-Encodings: 8bit\r\n\r\n" E_ACUTE "\r\n");
    stays(PLAIN "Content-Transfer-Encoding\r\n : 8bit\r\n\r\n" E_ACUTE "\r\n");
    stays(PLAIN "Content-Transfer-Encoding: (a comment that is so long that nobody would care to hold it back for its "
                "value) 8bit\r\n\r\n" E_ACUTE "\r\n");
    stays("Subject: " E_ACUTE "\r\n\r\nx\r\n");
    stays(PLAIN "\r\n" BITS "\r\n" E_ACUTE "\r\n");
}

/* Which of the two counts, nobody knows: they stand there again, and nothing is changed behind them. */
static void what_is_declared_twice_stays(void)
{
    becomes(BITS "Content-Transfer-Encoding: base64\r\n\r\n" E_ACUTE "\r\n",
            "Content-Transfer-Encoding: base64\r\n" BITS "\r\n" E_ACUTE "\r\n");
    becomes(BITS MIXED PLAIN "\r\n" E_ACUTE "\r\n", MIXED PLAIN BITS "\r\n" E_ACUTE "\r\n");
    becomes("Content-Transfer-Encoding: base64\r\n" BITS "A: b\r\n\r\n" E_ACUTE "\r\n",
            "Content-Transfer-Encoding: base64\r\nA: b\r\n" BITS "\r\n" E_ACUTE "\r\n");
    becomes(BITS SEVEN "\r\n" E_ACUTE "\r\n", SEVEN BITS "\r\n" E_ACUTE "\r\n");
    becomes(SEVEN BITS "\r\n" E_ACUTE "\r\n", SEVEN BITS "\r\n" E_ACUTE "\r\n");
    stays(PLAIN MIXED "\r\n--b\r\n" BITS "\r\n=\r\n--b--\r\n");
    becomes(BITS BITS "\r\n" E_ACUTE "\r\n", QUOTE "\r\n=C3=A9\r\n");
}

static void parts_are_looked_into(void)
{
    becomes(MIXED BITS "\r\npreamble\r\n--b\r\n" PLAIN BITS "\r\n" E_ACUTE "\r\n--b\r\n" PLAIN
                       "\r\n=\r\n--b \t\r\n" BITS "\r\n--c\r\n--b--\r\n=\r\n",
            MIXED SEVEN "\r\npreamble\r\n--b\r\n" PLAIN QUOTE "\r\n=C3=A9\r\n--b\r\n" PLAIN "\r\n=\r\n--b \t\r\n" QUOTE
                        "\r\n--c\r\n--b--\r\n=\r\n");
    /* Some declare 7bit around parts of 8 bits, which they may not. */
    becomes(MIXED SEVEN "\r\n--b\r\n" PLAIN BITS "\r\n" E_ACUTE "\r\n--b--\r\n",
            MIXED SEVEN "\r\n--b\r\n" PLAIN QUOTE "\r\n=C3=A9\r\n--b--\r\n");
    stays(PLAIN SEVEN "\r\n" E_ACUTE "\r\n");
    /* A delimiter within a header section, and a message that ends in one. */
    becomes(MIXED "\r\n--b\r\n" BITS "--b\r\n" BITS "\r\n=\r\n--b\r\n" BITS,
            MIXED "\r\n--b\r\n" QUOTE "--b\r\n" QUOTE "\r\n=3D\r\n--b\r\n" QUOTE);
    /* Not delimiters: too short, too long, not at the line's beginning. */
    becomes(MIXED "\r\n--b\r\n" BITS "\r\n--\r\n--bx\r\n --b\r\n--b-\r\n--b--x\r\n-\r\n=\r\n--b--",
            MIXED "\r\n--b\r\n" QUOTE "\r\n--\r\n--bx\r\n --b\r\n--b-\r\n--b--x\r\n-\r\n=3D\r\n--b--\r\n");
    /* White space behind it, more than is held. */
    becomes(MIXED "\r\n--b\r\n" BITS "\r\n=\r\n--b                                                                     "
                  "                                "
                  "\r\n\r\n=\r\n",
            MIXED "\r\n--b\r\n" QUOTE "\r\n=3D\r\n--b                                                                  "
                  "                                   "
                  "\r\n\r\n=\r\n");
}

static void parts_within_parts(void)
{
    becomes("Content-Type: Multipart/Mixed;\r\n charset=x; BOUNDARY=\"a \\\"b\" (c)\r\n\r\n"
            "--a \"b\n" MIXED "\n--b\n" BITS "\n=\n--b--\n=\n--a \"b\n" BITS "\n--b\n=\n--a \"b--\n",
            "Content-Type: Multipart/Mixed;\r\n charset=x; BOUNDARY=\"a \\\"b\" (c)\r\n\r\n"
            "--a \"b\r\n" MIXED "\r\n--b\r\n" QUOTE "\r\n=3D\r\n--b--\r\n=\r\n--a \"b\r\n" QUOTE
            "\r\n--b\r\n=3D\r\n--a \"b--\r\n");
    /* What is closed stays closed. */
    stays(MIXED "\r\n--b\r\n\r\n--b--\r\n--b\r\n" BITS "\r\n=\r\n");
    /* An outer delimiter ends what is inside. */
    becomes("Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n" MIXED "\r\n--b\r\n" BITS "\r\n=\r\n--a\r\n" BITS
            "\r\n--b\r\n=\r\n--a--\r\n",
            "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n" MIXED "\r\n--b\r\n" QUOTE
            "\r\n=3D\r\n--a\r\n" QUOTE "\r\n--b\r\n=3D\r\n--a--\r\n");
}

static void messages_within_messages(void)
{
    becomes("Content-Type: message/rfc822\r\n" BITS "\r\nSubject: x\r\n" BITS "\r\n=\r\n",
            "Content-Type: message/rfc822\r\n" SEVEN "\r\nSubject: x\r\n" QUOTE "\r\n=3D\r\n");
    becomes("Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\nSubject: x\r\n" BITS "\r\n=\r\n--b\r\n" PLAIN
            "\r\n" BITS "\r\n=\r\n--b--\r\n",
            "Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\nSubject: x\r\n" QUOTE
            "\r\n=3D\r\n--b\r\n" PLAIN "\r\n" BITS "\r\n=\r\n--b--\r\n");
    becomes("Content-Type: message/global\r\n" BITS "\r\n" E_ACUTE ": x\r\n",
            "Content-Type: message/global\r\n" QUOTE "\r\n=C3=A9: x\r\n");
}

/* Their field moves behind the others, nothing else. */
static void what_is_sealed_is_left_alone(void)
{
    static const char *const types[] = {
        "multipart/signed; boundary=b",
        "multipart/encrypted; boundary=b",
        "message/partial",
        "message/delivery-status",
        "multipart/mixed",
        "multipart/mixed; boundary=",
        "multipart/mixed; boundary=b; boundary=c",
        "multipart/mixed; boundary=\"b",
        "multipart/mixed; boundary=b (c",
        "multipart/mixed; boundary=\"b \"",
        "multipart/mixed; boundary=b c",
        "multipart/mixed; boundary=b\"c\"",
        "multipart/mixed; \"x\"; boundary=b",
        "multipart/mixed; boundary*=us-ascii''b",
        "multipart/mixed boundary=b",
        "multipart/mixed; boundary=bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"};
    char in[512], out[512];
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        snprintf(in, sizeof in, BITS "Content-Type: %s\r\n\r\n--b\r\n" BITS "\r\n" E_ACUTE "\r\n--b--\r\n", types[i]);
        snprintf(out, sizeof out, "Content-Type: %s\r\n" BITS "\r\n--b\r\n" BITS "\r\n" E_ACUTE "\r\n--b--\r\n",
                 types[i]);
        becomes(in, out);
    }
}

static void types_are_read_as_rfc_2045_says(void)
{
    static const char *const types[] = {
        "multipart/mixed;boundary=b", "MULTIPART/x-own ; Boundary = b ",
        "multipart/mixed (a (b) \\) ; boundary=c);\r\n\tboundary=\"\\b\"",
        "(multipart) multipart/related; type=\"a;boundary=c\"; start=d; boundary=b; e=f",
        "multipart/mixed; xboundary=c; boundary=b; boundaryx=d"};
    char in[512], out[512];
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        snprintf(in, sizeof in, "Content-Type: %s\r\n\r\n--b\r\n" BITS "\r\n=\r\n--b--\r\n", types[i]);
        snprintf(out, sizeof out, "Content-Type: %s\r\n\r\n--b\r\n" QUOTE "\r\n=3D\r\n--b--\r\n", types[i]);
        becomes(in, out);
    }
}

static void depth_is_bounded(void)
{
    char in[4096] = "", out[4096] = "", line[64];
    for (int i = 0; i <= POSTINO_DOWNGRADE_DEPTH; i++) {
        snprintf(line, sizeof line, "Content-Type: multipart/mixed; boundary=%d\r\n\r\n--%d\r\n", i, i);
        strcat(in, line);
        strcat(out, line);
    }
    /* One deeper than is looked into; the level above is known again behind it. */
    strcat(in, BITS "\r\n" E_ACUTE "\r\n--8--\r\n--7\r\n" BITS "\r\n=\r\n--7--\r\n");
    strcat(out, BITS "\r\n" E_ACUTE "\r\n--8--\r\n--7\r\n" QUOTE "\r\n=3D\r\n--7--\r\n");
    becomes(in, out);
}

static void failures_are_passed_on(void)
{
    struct portions inner = portions_of(BITS "\r\n" E_ACUTE, 36, 5);
    struct postino_downgrade downgrade;
    inner.fails = true;
    postino_downgrade_open(&downgrade, &inner.source);
    CHECK(!downgrade.source.rewind);
    CHECK(downgrade.source.prepare(&downgrade.source, 0)); /* read once only: what it becomes is seen then */
    CHECK_NUMBER(downgrade.source.length, 0);
    CHECK(!downgrade.source.seven_bit);
    struct reading reading = read_all(&downgrade.source, 64);
    CHECK(reading.failed);
    free(reading.octets);
    CHECK(!downgrade.source.prepare(&downgrade.source, 0)); /* and cannot be read again */
    inner = rewinding(BITS "\r\n", 35, 5);
    inner.fails = true;
    postino_downgrade_open(&downgrade, &inner.source);
    CHECK(!downgrade.source.prepare(&downgrade.source, 0));
}

static int filter(size_t size, size_t portion)
{
    static char in[1 << 20];
    size_t length = fread(in, 1, sizeof in, stdin);
    struct portions inner = rewinding(in, length, portion);
    struct postino_downgrade downgrade;
    postino_downgrade_open(&downgrade, &inner.source);
    if (!downgrade.source.prepare(&downgrade.source, 0))
        return 1;
    struct reading reading = read_all(&downgrade.source, size);
    fwrite(reading.octets, 1, reading.length, stdout);
    free(reading.octets);
    return reading.failed || reading.length != downgrade.source.length;
}

int main(int argc, char **argv)
{
    if (argc == 4)
        return filter(strtoul(argv[2], NULL, 10), strtoul(argv[3], NULL, 10));
    RUN(a_text_becomes_quoted_printable);
    RUN(what_is_declared_otherwise_stays);
    RUN(what_is_declared_twice_stays);
    RUN(parts_are_looked_into);
    RUN(parts_within_parts);
    RUN(messages_within_messages);
    RUN(what_is_sealed_is_left_alone);
    RUN(types_are_read_as_rfc_2045_says);
    RUN(depth_is_bounded);
    RUN(failures_are_passed_on);
    return CHECK_EXIT();
}
