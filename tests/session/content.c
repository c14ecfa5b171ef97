/*
 * Content against a reference that was written naively: every text of up to six octets out of dot, CR, LF and a letter,
 * and longer ones, at output buffers that end at an unreadable page and at sources that give what they like.
 */
#define _DEFAULT_SOURCE
#include "check.h"
#include "guard.h"

#include <postino/session.h>

enum {
    ROOM = 16384
};

struct text {
    struct postino_source source;
    const char *octets;
    size_t length, at, portion;
};

static struct postino_session session, at_content;
static struct postino_config config = {.name = "c.test", .extensions = postino_extensions};
static struct postino_recipient recipient = {.address = "b@x.test"};
static struct postino_mail mail = {.reverse_path = "a@x.test", .recipients = &recipient, .recipient_count = 1};
static struct postino_mail mail_at_content;
static struct postino_recipient recipient_at_content;
static struct text text;
static char expected[ROOM * 2], is[ROOM * 2];

static ptrdiff_t read_text(struct postino_source *source, void *buffer, size_t size)
{
    struct text *self = (struct text *)source;
    if (size > self->length - self->at)
        size = self->length - self->at;
    if (self->portion && size > self->portion)
        size = self->portion;
    memcpy(buffer, self->octets + self->at, size);
    self->at += size;
    return (ptrdiff_t)size;
}

static void hear(const char *line)
{
    char buffer[512];
    postino_session_input(&session, line, strlen(line));
    if (line[0] != '3')
        while (postino_session_output(&session, buffer, sizeof buffer))
            continue;
}

/* The session where the content is to be spoken, made once and copied. */
static void to_content(const char *octets, size_t length, size_t portion)
{
    static bool made;
    text = (struct text){{.read = read_text}, octets, length, 0, portion};
    mail.source = &text.source;
    if (!made) {
        made = true;
        postino_session_init(&session, &config);
        postino_session_submit(&session, &mail);
        hear("220 x\r\n");
        hear("250-x\r\n250-PIPELINING\r\n250 8BITMIME\r\n");
        hear("250 x\r\n");
        hear("250 x\r\n");
        hear("354 x\r\n");
        at_content = session;
        mail_at_content = mail;
        recipient_at_content = recipient;
    }
    session = at_content;
    mail = mail_at_content;
    recipient = recipient_at_content;
}

/* 5321 2.3.8 and 4.5.2, octet by octet. */
static size_t reference(const char *octets, size_t length)
{
    size_t to = 0;
    bool at_start = true;
    for (size_t i = 0; i < length; i++) {
        if (octets[i] == '\r' || octets[i] == '\n') {
            expected[to++] = '\r';
            expected[to++] = '\n';
            i += octets[i] == '\r' && i + 1 < length && octets[i + 1] == '\n';
            at_start = true;
            continue;
        }
        if (at_start && octets[i] == '.')
            expected[to++] = '.';
        expected[to++] = octets[i];
        at_start = false;
    }
    if (!at_start) {
        expected[to++] = '\r';
        expected[to++] = '\n';
    }
    memcpy(expected + to, ".\r\n", 3);
    return to + 3;
}

static bool agrees(const char *octets, size_t length, size_t size, size_t portion)
{
    size_t due = reference(octets, length), to = 0;
    to_content(octets, length, portion);
    while (postino_session_need(&session) == POSTINO_NEED_SEND) {
        char *buffer = guarded(size);
        size_t got = postino_session_output(&session, buffer, size);
        if (got == 0 || got > size || to + got > sizeof is)
            return false;
        memcpy(is + to, buffer, got);
        to += got;
    }
    return to == due && memcmp(is, expected, due) == 0 && postino_session_step(&session) == POSTINO_STEP_CONTENT;
}

static void every_short_text_is_normalised_and_stuffed(void)
{
    static const char alphabet[] = {'.', '\r', '\n', 'a'};
    static const size_t sizes[] = {1, 2, 3, 4, 7, 64, 4096}, portions[] = {1, 2, 0};
    for (unsigned length = 0; length <= 6; length++) {
        for (unsigned n = 0; n < 1u << (2 * length); n++) {
            char octets[6];
            for (unsigned i = 0; i < length; i++)
                octets[i] = alphabet[n >> (2 * i) & 3];
            for (size_t k = 0; k < 21; k++)
                CHECK(agrees(octets, length, sizes[k % 7], portions[k / 7]));
        }
    }
}

static size_t long_text(char *octets, unsigned seed)
{
    size_t length = 0, column = 0;
    while (length < 3000) {
        seed = seed * 1103515245u + 12345u;
        char octet = ".\r\nabc\xe4 "[seed >> 16 & 7];
        if (octet == '\r' || octet == '\n' || column == 900)
            column = 0;
        octets[length++] = column++ == 899 ? '\n' : octet;
    }
    return length;
}

static void long_texts_are_the_same_at_every_buffer_size(void)
{
    static char octets[3000];
    for (unsigned seed = 1; seed <= 5; seed++) {
        size_t length = long_text(octets, seed);
        for (size_t size = 1; size <= 300; size++)
            CHECK(agrees(octets, length, size, seed % 3));
        for (size_t size = 4090; size <= 4100; size++)
            CHECK(agrees(octets, length, size, 0));
    }
}

/* 5321 4.5.3.1.6: 1,000 octets with the line end, without the dot that is doubled. */
static void lines_of_998_octets_pass_and_longer_ones_do_not(void)
{
    static char octets[3000];
    static const size_t sizes[] = {1, 2, 7, 64, 999, 1000, 1001, 4096};
    for (size_t k = 0; k < 8; k++) {
        for (size_t length = 990; length <= 1005; length++) {
            memset(octets, 'x', sizeof octets);
            octets[0] = '.';
            memcpy(octets + length, "\nz", 2);
            bool passes = agrees(octets, length + 2, sizes[k], 0);
            CHECK_NUMBER(passes, length <= 998);
            if (!passes)
                CHECK_NUMBER(postino_session_error(&session)->reason, POSTINO_REASON_LONG_LINE);
        }
    }
}

/* The limit holds for the last line too, which has no end, and whatever it ends with. */
static void a_last_line_of_999_octets_is_refused(void)
{
    static char octets[999];
    static const size_t sizes[] = {1, 2, 7, 64, 999, 4096};
    for (size_t k = 0; k < 6; k++) {
        memset(octets, 'x', sizeof octets);
        octets[998] = '\t';
        CHECK(agrees(octets, 998, sizes[k], 0));
        CHECK(!agrees(octets, 999, sizes[k], 0));
        CHECK_NUMBER(postino_session_error(&session)->reason, POSTINO_REASON_LONG_LINE);
    }
}

static enum postino_reason reason_of(const char *octets, size_t length, size_t size)
{
    (void)agrees(octets, length, size, 0);
    const struct postino_result *error = postino_session_error(&session);
    CHECK(postino_session_finished(&session) == (error ? &mail : NULL));
    CHECK(!error || recipient.result.outcome == POSTINO_REFUSED_FOR_GOOD);
    return error ? (enum postino_reason)error->reason : POSTINO_REASON_REPLY;
}

static void nul_is_refused_for_good(void)
{
    for (size_t size = 1; size <= 64; size++) {
        CHECK_NUMBER(reason_of("a\r\n\0", 4, size), POSTINO_REASON_NUL);
        CHECK_NUMBER(reason_of("\0.\r\n", 4, size), POSTINO_REASON_NUL);
        CHECK_NUMBER(reason_of("abc\0def\r\n", 9, size), POSTINO_REASON_NUL);
    }
}

/* Octets are looked at in blocks, too: each value at each place of several. */
static void each_octet_is_seen_at_each_place(void)
{
    char octets[56];
    for (unsigned bearing = 0; bearing < 2; bearing++) {
        if (!bearing)
            at_content.offers &= ~(uint32_t)POSTINO_OFFERS_8BITMIME;
        for (unsigned octet = 0; octet < 256; octet++) {
            enum postino_reason reason = POSTINO_REASON_REPLY;
            if (octet == 0)
                reason = POSTINO_REASON_NUL;
            else if (octet > 127 && !bearing)
                reason = POSTINO_REASON_8BIT;
            for (size_t at = 0; at < sizeof octets; at++) {
                memset(octets, ' ' + (int)at, sizeof octets);
                octets[at] = (char)octet;
                CHECK_NUMBER(reason_of(octets, sizeof octets, 256), reason);
                if (reason == POSTINO_REASON_REPLY)
                    CHECK(agrees(octets, sizeof octets, 97, 0));
            }
        }
        at_content.offers |= POSTINO_OFFERS_8BITMIME;
    }
}

/* 6152: octets above 127 only where the server said that it bears them. */
static void eight_bits_need_8bitmime(void)
{
    for (size_t size = 1; size <= 64; size++) {
        CHECK_NUMBER(reason_of("a\r\n\x80", 4, size), POSTINO_REASON_REPLY);
        at_content.offers &= (uint16_t)~POSTINO_OFFERS_8BITMIME;
        CHECK_NUMBER(reason_of("a\r\n\x80", 4, size), POSTINO_REASON_8BIT);
        CHECK_NUMBER(reason_of("\xff", 1, size), POSTINO_REASON_8BIT);
        CHECK_NUMBER(reason_of("ab\x80", 3, size), POSTINO_REASON_8BIT);
        CHECK_NUMBER(reason_of("\x80"
                               "ab",
                               3, size),
                     POSTINO_REASON_8BIT);
        CHECK_NUMBER(reason_of("a\x80"
                               "b\r\n",
                               5, size),
                     POSTINO_REASON_8BIT);
        CHECK_NUMBER(reason_of("\x7f", 1, size), POSTINO_REASON_REPLY);
        at_content.offers |= POSTINO_OFFERS_8BITMIME;
    }
}

/* However far behind it stands, and however much was copied in front of it. */
static void a_late_octet_is_seen_at_every_buffer_size(void)
{
    char octets[300];
    memset(octets, 'x', sizeof octets);
    octets[280] = '\x80';
    at_content.offers &= (uint16_t)~POSTINO_OFFERS_8BITMIME;
    for (size_t size = 1; size <= 700; size++)
        CHECK_NUMBER(reason_of(octets, sizeof octets, size), POSTINO_REASON_8BIT);
    at_content.offers |= POSTINO_OFFERS_8BITMIME;
}

static ptrdiff_t lie(struct postino_source *source, void *buffer, size_t size)
{
    (void)source, (void)buffer;
    return (ptrdiff_t)size + 1;
}

static ptrdiff_t nonsense(struct postino_source *source, void *buffer, size_t size)
{
    (void)source, (void)buffer, (void)size;
    return -3;
}

static void a_source_that_lies_ends_the_session(void)
{
    for (int i = 0; i < 2; i++) {
        char buffer[64];
        to_content("", 0, 0);
        text.source.read = i ? lie : nonsense;
        CHECK_NUMBER(postino_session_output(&session, buffer, sizeof buffer), 0);
        CHECK_NUMBER(postino_session_need(&session), POSTINO_NEED_CLOSE);
        CHECK_NUMBER(postino_session_error(&session)->reason, POSTINO_REASON_SOURCE);
        CHECK(postino_session_finished(&session) == &mail);
        CHECK_NUMBER(recipient.result.outcome, POSTINO_REFUSED_FOR_NOW);
    }
}

int main(void)
{
    for (int i = 0; i < 2; i++) {
        config.quick = i ? &postino_quick : NULL;
        RUN(every_short_text_is_normalised_and_stuffed);
        RUN(long_texts_are_the_same_at_every_buffer_size);
        RUN(lines_of_998_octets_pass_and_longer_ones_do_not);
        RUN(a_last_line_of_999_octets_is_refused);
        RUN(nul_is_refused_for_good);
        RUN(each_octet_is_seen_at_each_place);
        RUN(eight_bits_need_8bitmime);
        RUN(a_late_octet_is_seen_at_every_buffer_size);
    }
    RUN(a_source_that_lies_ends_the_session);
    return CHECK_EXIT();
}
