/*
 * Content out and back: what is spoken behind 354 goes through an unstuffer of its own, which must give the lines of
 * the input. The first octets say how the source and the caller's buffers behave.
 */
#include <postino/session.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    MOST = 1 << 16
};

struct fuzzed {
    struct postino_source source;
    const uint8_t *octets, *portions;
    size_t length, at, portion_count, reads;
};

static char spoken[2 * MOST + 8], back[MOST + 2], lines[MOST + 2];

static void demand(bool holds)
{
    if (!holds)
        abort();
}

static ptrdiff_t read_fuzzed(struct postino_source *source, void *buffer, size_t size)
{
    struct fuzzed *self = (struct fuzzed *)source;
    size_t portion = self->portions[self->reads++ % self->portion_count];
    if (portion == 0 && self->reads % 2)
        return POSTINO_SOURCE_NOT_YET;
    portion = portion == 0 || portion > 200 ? size : portion;
    if (portion > size)
        portion = size;
    if (portion > self->length - self->at)
        portion = self->length - self->at;
    memcpy(buffer, self->octets + self->at, portion);
    self->at += portion;
    return (ptrdiff_t)portion;
}

static void say(struct postino_session *s, const char *line)
{
    char buffer[512];
    postino_session_input(s, line, strlen(line));
    while (line[0] != '3' && postino_session_need(s) == POSTINO_NEED_SEND)
        demand(postino_session_output(s, buffer, sizeof buffer) > 0);
}

/* What is spoken, at buffers of the sizes that the input names. */
static size_t speak(struct postino_session *s, const struct fuzzed *f)
{
    size_t length = 0;
    for (size_t i = 0;; i++) {
        enum postino_need need = postino_session_need(s);
        if (need != POSTINO_NEED_SEND && need != POSTINO_NEED_CONTENT)
            return length;
        size_t size = f->portions[(i * 7 + 3) % f->portion_count] + 1u;
        char *buffer = malloc(size); /* exactly, for the sanitizer */
        demand(buffer != NULL);
        size_t got = postino_session_output(s, buffer, size);
        demand(got <= size && length + got <= sizeof spoken);
        memcpy(spoken + length, buffer, got);
        free(buffer);
        length += got;
    }
}

/* 5321 4.5.2: takes the dots away; each line ends with LF then. Nothing may follow the terminator. */
static size_t unstuff(size_t length)
{
    size_t to = 0;
    for (size_t at = 0; at < length;) {
        const char *line = spoken + at, *end = memchr(line, '\n', length - at);
        demand(end && end > line && end[-1] == '\r' && !memchr(line, '\r', (size_t)(end - line) - 1));
        size_t octets = (size_t)(end - line) - 1;
        at += octets + 2;
        if (octets == 1 && line[0] == '.') {
            demand(at == length);
            return to;
        }
        size_t dot = octets && line[0] == '.';
        demand(octets - dot <= 998);
        memcpy(back + to, line + dot, octets - dot);
        to += octets - dot;
        back[to++] = '\n';
    }
    demand(false);
    return 0;
}

/* The lines of the input, each ended by LF; whether it may be sent as it is. */
static size_t normalise(const uint8_t *octets, size_t length, bool eight_bit, bool *sound)
{
    size_t to = 0, column = 0;
    *sound = true;
    for (size_t i = 0; i < length; i++) {
        bool end = octets[i] == '\r' || octets[i] == '\n';
        if (end && i && octets[i] == '\n' && octets[i - 1] == '\r')
            continue;
        lines[to++] = end ? '\n' : (char)octets[i];
        column = end ? 0 : column + 1;
        if (octets[i] == 0 || column > 998 || (octets[i] > 127 && !eight_bit))
            *sound = false;
    }
    if (column)
        lines[to++] = '\n';
    return to;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 8 || size > MOST)
        return 0;
    struct postino_recipient recipient = {.address = "b@x.test"};
    struct fuzzed f = {{.read = read_fuzzed}, data + 8, data, size - 8, 0, 8, 0};
    struct postino_mail mail = {
        .reverse_path = "", .recipients = &recipient, .recipient_count = 1, .source = &f.source};
    struct postino_config config = {
        .name = "c.test", .extensions = postino_extensions, .quick = data[0] & 2 ? &postino_quick : NULL};
    struct postino_session s;
    bool sound;
    demand(!postino_session_init(&s, &config) && !postino_session_submit(&s, &mail));
    say(&s, "220 x\r\n");
    say(&s, data[0] & 1 ? "250-x\r\n250-8BITMIME\r\n250 PIPELINING\r\n" : "250-x\r\n250 PIPELINING\r\n");
    say(&s, "250 x\r\n250 x\r\n");
    say(&s, "354 x\r\n");
    size_t length = speak(&s, &f), due = normalise(f.octets, f.length, data[0] & 1, &sound);
    demand((postino_session_need(&s) == POSTINO_NEED_RECEIVE) == sound);
    if (sound)
        demand(unstuff(length) == due && memcmp(back, lines, due) == 0);
    postino_session_lost(&s, POSTINO_REASON_LOST, 0);
    demand(postino_session_finished(&s) == &mail);
    demand(recipient.result.outcome == (sound ? POSTINO_UNCERTAIN : POSTINO_REFUSED_FOR_GOOD));
    return 0;
}
