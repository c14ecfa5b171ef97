/* The filter that leaves Bcc out, and the scanner for fields, at every buffer size and every portion of the source. */
#include "check.h"
#include "reading.h"

static void filters_to(const char *in, const char *out)
{
    for (size_t i = 0; i < READING_SIZES; i++) {
        for (size_t portion = 1; portion <= 5; portion++) {
            struct portions inner = portions_of(in, strlen(in), portion == 5 ? 4096 : portion);
            struct postino_header_filter filter;
            inner.hesitates = portion == 2;
            postino_header_filter_open(&filter, &inner.source);
            struct reading reading = read_all(&filter.source, reading_sizes[i]);
            CHECK(!reading.failed);
            CHECK_TEXT(reading.octets, out);
            free(reading.octets);
        }
    }
}

static void bcc_is_left_out(void)
{
    filters_to("To: a\r\nBcc: b\r\nCc: c\r\n\r\nx", "To: a\r\nCc: c\r\n\r\nx");
    filters_to("To: a\nbcc: b\nCc: c\n\nx", "To: a\nCc: c\n\nx");
    filters_to("BCC: b\r\n\r\nx", "\r\nx");
    filters_to("Bcc:b\r\n", "");
    filters_to("Bcc:b", "");
    filters_to("Resent-Bcc: b\r\nA: c\r\n\r\n", "A: c\r\n\r\n");
    filters_to("Bcc: b\r\nBcc: c\r\nA: d\r\nBcc: e\r\n\r\n", "A: d\r\n\r\n");
    filters_to("Bcc:\r\n\r\nx", "\r\nx");
}

static void folded_lines_go_with_it(void)
{
    filters_to("Bcc: b,\r\n c,\r\n\td\r\nA: e\r\n f\r\n\r\n g", "A: e\r\n f\r\n\r\n g");
    filters_to("Bcc: b\n \n c\nA: e\n\n", "A: e\n\n");
    filters_to("A: b\r\n Bcc: c\r\n\r\n", "A: b\r\n Bcc: c\r\n\r\n");
}

/* RFC 5322 4.5: white space may stand before the colon. */
static void odd_spellings_are_left_out(void)
{
    filters_to("Bcc : b\r\nA: c\r\n\r\n", "A: c\r\n\r\n");
    filters_to("bCc \t: b\r\nresent-BCC\t: c\r\n\r\n", "\r\n");
    filters_to("Bcc                                  : b\r\nA: c\r\n\r\n", "A: c\r\n\r\n");
    filters_to("A: b\rBcc: c\rD: e\r\rx", "A: b\r\nD: e\r\rx");
    filters_to("A: b\rBc\nC: d\r\n\r\n", "A: b\rBc\nC: d\r\n\r\n"); /* not one line end */
    filters_to("Bcc: b\rBc\nBcc: d\nE: f\n\n", "Bc\nE: f\n\n");
    filters_to("A: b\r\rBcc: c", "A: b\r\rBcc: c");
    filters_to("A: b\rBcc: c\n\nBcc: body", "A: b\r\n\nBcc: body"); /* found by a fuzzer: CR and LF had met */
    filters_to("A: b\r\nBcc: c\n\nBcc: body", "A: b\r\n\nBcc: body");
    filters_to("A: b\rBcc: c\nBcc: d\r\n\nBcc: body", "A: b\r\n\nBcc: body");
    filters_to("A: b\n\rBcc: c", "A: b\n\rBcc: c");
}

static void everything_else_passes(void)
{
    filters_to("", "");
    filters_to("\r\nBcc: b\r\n", "\r\nBcc: b\r\n");
    filters_to("\nBcc: b", "\nBcc: b");
    filters_to("A: b\r\n\r\nBcc: b\r\n", "A: b\r\n\r\nBcc: b\r\n");
    filters_to("Bc: b\r\nBccc: c\r\nB\r\nbcc\r\nXBcc: d\r\nResent-Bc: e\r\nResent-Bccx: f\r\n\r\n",
               "Bc: b\r\nBccc: c\r\nB\r\nbcc\r\nXBcc: d\r\nResent-Bc: e\r\nResent-Bccx: f\r\n\r\n");
    filters_to("Resent-B", "Resent-B");
    filters_to("Resent-Bcc  ", "Resent-Bcc  ");
    filters_to("Bcc x: b\r\n\r\n", "Bcc x: b\r\n\r\n");
}

static void filter_length_is_exact(void)
{
    const char text[] = "To: a\nBcc: b,\n c\r\nResent-Bcc: d\rCc: e\n\nBcc: body\nend\r\n";
    struct postino_memory_source memory;
    struct postino_header_filter filter;
    postino_memory_source_open_message(&memory, text, strlen(text));
    CHECK_NUMBER(memory.source.length, strlen(text) + 6);
    postino_header_filter_open(&filter, &memory.source);
    for (int round = 0; round < 2; round++) {
        CHECK(filter.source.prepare(&filter.source, 0));
        CHECK_NUMBER(filter.source.length, strlen("To: a\r\nCc: e\r\n\r\nBcc: body\r\nend\r\n"));
        CHECK(filter.source.seven_bit);
        struct reading reading = read_all(&filter.source, 3);
        CHECK_TEXT(reading.octets, "To: a\nCc: e\n\nBcc: body\nend\r\n");
        free(reading.octets);
        CHECK(filter.source.rewind(&filter.source));
    }
}

static void a_memory_message_counts_its_line_ends(void)
{
    static const struct {
        const char *text;
        unsigned length;
    } rows[] = {{"", 0},       {"\n", 2}, {"\r", 2},  {"\r\n", 2},  {"\n\r", 4},
                {"\r\r\n", 4}, {"a", 3},  {"a\n", 3}, {"a\r\nb", 6}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct postino_memory_source memory;
        postino_memory_source_open_message(&memory, guarded(rows[i].text, strlen(rows[i].text)), strlen(rows[i].text));
        CHECK_NUMBER(memory.source.length, rows[i].length);
    }
    struct postino_memory_source memory;
    postino_memory_source_open_message(&memory, "\xc3\xa9\n", 3);
    CHECK(!memory.source.seven_bit);
}

static bool is_canonical(const char *text, size_t length)
{
    struct postino_memory_source memory;
    postino_memory_source_open_message(&memory, guarded(text, length), length);
    return memory.source.canonical;
}

static void a_memory_message_knows_whether_its_lines_are_canonical(void)
{
    static const char *const are[] = {"", "\r\n", "a\r\n", "\ta\r\n\r\n.\r\n", "\xc3\xa9\r\n"};
    static const char *const are_not[] = {"\n",     "\r",       "a",        "\r\n\r", "\r\n\n",
                                          "\r\r\n", "a\rb\r\n", "a\nb\r\n", "a\r\nb"};
    char line[1001];
    for (size_t i = 0; i < sizeof are / sizeof *are; i++)
        CHECK(is_canonical(are[i], strlen(are[i])));
    for (size_t i = 0; i < sizeof are_not / sizeof *are_not; i++)
        CHECK(!is_canonical(are_not[i], strlen(are_not[i])));
    CHECK(!is_canonical("a\0\r\n", 4));
    memset(line, 'x', sizeof line);
    memcpy(line + 999, "\r\n", 2);
    CHECK(!is_canonical(line, 1001));
    CHECK(is_canonical(line + 1, 1000));
}

static void filter_passes_failures_on(void)
{
    struct portions inner = portions_of("To: a\r\nBcc: b", 13, 5);
    struct postino_header_filter filter;
    inner.fails = true;
    postino_header_filter_open(&filter, &inner.source);
    CHECK(!filter.source.rewind);
    struct reading reading = read_all(&filter.source, 64);
    CHECK(reading.failed);
    free(reading.octets);
}

static const char *const names[] = {"to", "cc", "bcc"};

/* Writes what the scanner finds as "name=value|…" ("name!" where the value was too long), and how it ended. */
static const char *scanned(const char *text, size_t portion, size_t size)
{
    static char out[1024];
    char *value = malloc(size + 1);
    struct portions inner = portions_of(guarded(text, strlen(text)), strlen(text), portion);
    struct postino_header_scanner scanner;
    enum postino_header_found found;
    size_t at = 0;
    inner.hesitates = portion == 2;
    postino_header_scanner_open(&scanner, &inner.source, names, 3);
    while ((found = postino_header_scanner_next(&scanner, value, size)) != POSTINO_HEADER_END) {
        if (found == POSTINO_HEADER_FIELD)
            at += (size_t)snprintf(out + at, sizeof out - at, "%s=%.*s|", names[scanner.name], (int)scanner.length,
                                   value);
        else if (found == POSTINO_HEADER_TOO_LONG)
            at += (size_t)snprintf(out + at, sizeof out - at, "%s!|", names[scanner.name]);
        else if (found == POSTINO_HEADER_FAILED)
            break;
    }
    snprintf(out + at, sizeof out - at, "%s", found == POSTINO_HEADER_FAILED ? "failed" : "");
    free(value);
    return out;
}

static void scans_to(const char *text, const char *found)
{
    for (size_t portion = 1; portion < 5; portion++)
        CHECK_TEXT(scanned(text, portion, 64), found);
    CHECK_TEXT(scanned(text, 4096, 64), found);
}

static void fields_are_found(void)
{
    scans_to("", "");
    scans_to("To: a\r\nSubject: b\r\nCC: c\r\n\r\nBcc: d\r\n", "to=a|cc=c|");
    scans_to("to:a\nbcc :b", "to=a|bcc=b|");
    scans_to("To: a,\r\n b,\r\n\tc  \r\nTo:d\r\n\r\n", "to=a, b,\tc|to=d|");
    scans_to("To:\r\nCc:  \r\n \r\nBcc: \r\n x\r\n\r\n", "to=|cc=|bcc=x|");
    scans_to("Tox: a\r\nT: b\r\nTo\r\n: c\r\nTo x: d\r\n To: e\r\n\r\n", "");
    scans_to("A: b\rTo: c\r\rTo: d", "to=c|");
    scans_to("\r\nTo: a\r\n", "");
    scans_to("\nTo: a\r\n", "");
    scans_to("To: a", "to=a|");
}

static void long_values_are_bounded(void)
{
    CHECK_TEXT(scanned("To: abcd\r\nCc: abcde\r\nBcc: abcd   \r\n\r\n", 4096, 4), "to=abcd|cc!|bcc=abcd|");
    CHECK_TEXT(scanned("To: abcd \r\n e\r\nCc: x\r\n\r\n", 3, 4), "to!|cc=x|");
}

static void nul_in_a_name_matches_nothing(void)
{
    const char text[] = "To\0: a\r\nCc: b\r\n\r\n";
    char value[8];
    struct portions inner = portions_of(text, sizeof text - 1, 4096);
    struct postino_header_scanner scanner;
    postino_header_scanner_open(&scanner, &inner.source, names, 3);
    CHECK_NUMBER(postino_header_scanner_next(&scanner, value, sizeof value), POSTINO_HEADER_FIELD);
    CHECK_NUMBER(scanner.name, 1);
    CHECK_NUMBER(postino_header_scanner_next(&scanner, value, sizeof value), POSTINO_HEADER_END);
}

int main(void)
{
    RUN(bcc_is_left_out);
    RUN(folded_lines_go_with_it);
    RUN(odd_spellings_are_left_out);
    RUN(everything_else_passes);
    RUN(filter_length_is_exact);
    RUN(a_memory_message_counts_its_line_ends);
    RUN(a_memory_message_knows_whether_its_lines_are_canonical);
    RUN(filter_passes_failures_on);
    RUN(fields_are_found);
    RUN(long_values_are_bounded);
    RUN(nul_in_a_name_matches_nothing);
    return CHECK_EXIT();
}
