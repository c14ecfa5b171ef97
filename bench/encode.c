/* encode [MIB]: how fast content goes through the engine and the composer, in GB (1e9 octets) of input a second. Prints
 * a line of JSON for each case, with the lowest, the middle and the highest of its runs. */
#define _POSIX_C_SOURCE 200809L
#include <postino/message.h>
#include <postino/session.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    RUNS = 7,
    BUFFER_SIZE = 65536
};

static char buffer[BUFFER_SIZE];
static size_t octets_out; /* so that nothing is left out as useless */

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* What servers with PIPELINING, or with CHUNKING alone, say, in the order in which the session waits for it; the last
 * again and again. */
static const char *const by_data[] = {"220 bench.example.test\r\n",
                                      "250-bench.example.test\r\n250-8BITMIME\r\n250 PIPELINING\r\n",
                                      "250 ok\r\n250 ok\r\n354 go\r\n", "250 ok\r\n", NULL};
static const char *const by_chunks[] = {
    "220 bench.example.test\r\n", "250-bench.example.test\r\n250-8BITMIME\r\n250 CHUNKING\r\n", "250 ok\r\n", NULL};

/* Sends one mail with this content to nobody. Returns whether the session ended well. */
static bool send_to(const char *const *replies, struct postino_source *source)
{
    static const struct postino_config config = {
        .name = "client.example.test", .extensions = postino_extensions, .quick = &postino_quick};
    struct postino_recipient recipient = {.address = "bob@example.test"};
    struct postino_mail mail = {
        .reverse_path = "ada@example.test", .recipients = &recipient, .recipient_count = 1, .source = source};
    struct postino_session session;
    if (postino_session_init(&session, &config) || postino_session_submit(&session, &mail))
        return false;
    for (;;) {
        enum postino_need need = postino_session_need(&session);
        if (need == POSTINO_NEED_SEND) {
            octets_out += postino_session_output(&session, buffer, sizeof buffer);
        } else if (need == POSTINO_NEED_RECEIVE) {
            postino_session_input(&session, *replies, strlen(*replies));
            replies += replies[1] != NULL;
        } else {
            return need == POSTINO_NEED_MAIL && mail.result.outcome == POSTINO_ACCEPTED;
        }
    }
}

static bool send_content(struct postino_source *source)
{
    return send_to(by_data, source);
}

static bool send_content_by_chunks(struct postino_source *source)
{
    return send_to(by_chunks, source);
}

static bool send_memory(const char *octets, size_t length)
{
    struct postino_memory_source memory;
    postino_memory_source_open(&memory, octets, length);
    return send_content(&memory.source);
}

static bool read_all(struct postino_source *source)
{
    ptrdiff_t got;
    if (source->prepare && !source->prepare(source, 0))
        return false;
    while ((got = source->read(source, buffer, sizeof buffer)) > 0)
        octets_out += (size_t)got;
    return got == POSTINO_SOURCE_END;
}

/* A message with these octets attached, read, or sent. */
static bool compose(const char *octets, size_t length, bool (*take)(struct postino_source *source))
{
    static const struct postino_mailbox from = {"Ada", "ada@example.test"}, to = {NULL, "bob@example.test"};
    static const uint8_t randomness[POSTINO_MESSAGE_RANDOMNESS];
    struct postino_memory_source text, attached;
    struct postino_part part = {.source = &attached.source, .filename = "data.bin"};
    struct postino_message_source composed;
    struct postino_message message = {.from = {&from, 1},
                                      .to = {&to, 1},
                                      .subject = "Bench",
                                      .text = &text.source,
                                      .parts = &part,
                                      .part_count = 1,
                                      .multipart = &postino_multipart,
                                      .randomness = randomness};
    postino_memory_source_open(&text, "Hello\n", 6);
    postino_memory_source_open(&attached, octets, length);
    return postino_message_open(&composed, &message) == POSTINO_MESSAGE_OK && take(&composed.source);
}

static bool compose_and_read(const char *octets, size_t length)
{
    return compose(octets, length, read_all);
}

static bool compose_and_send(const char *octets, size_t length)
{
    return compose(octets, length, send_content);
}

static bool compose_and_send_by_chunks(const char *octets, size_t length)
{
    return compose(octets, length, send_content_by_chunks);
}

static bool copy(const char *octets, size_t length)
{
    for (size_t at = 0; at < length; at += sizeof buffer) {
        memcpy(buffer, octets + at, length - at < sizeof buffer ? length - at : sizeof buffer);
        octets_out += (unsigned char)buffer[at % sizeof buffer];
    }
    return true;
}

/* Lines of 76 octets, or of 0 to 199 of which some begin with a dot; each run the same. */
static void fill_lines(char *octets, size_t length, bool mixed, const char *line_end)
{
    uint32_t random = 1;
    size_t left = mixed ? 0 : 76;
    for (size_t at = 0; at < length;) {
        random = random * 1664525 + 1013904223;
        if (left > 0) {
            octets[at++] = random >> 27 == 0 ? '.' : (char)('a' + (random >> 24) % 26);
            left--;
            continue;
        }
        for (const char *end = line_end; *end && at < length; end++)
            octets[at++] = *end;
        left = mixed ? (random >> 16) % 200 : 76;
    }
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static bool measure(const char *name, bool (*work)(const char *octets, size_t length), const char *octets,
                    size_t length)
{
    double rates[RUNS];
    for (int i = 0; i < RUNS; i++) {
        double start = now_s();
        if (!work(octets, length)) {
            fprintf(stderr, "encode: %s: the content was not taken\n", name);
            return false;
        }
        rates[i] = (double)length / (now_s() - start) / 1e9;
    }
    qsort(rates, RUNS, sizeof *rates, ascending);
    printf("{\"case\": \"%s\", \"min\": %.3f, \"median\": %.3f, \"max\": %.3f}\n", name, rates[0], rates[RUNS / 2],
           rates[RUNS - 1]);
    fflush(stdout);
    return true;
}

int main(int argc, char *argv[])
{
    size_t length = (size_t)(argc > 1 ? atoi(argv[1]) : 25) << 20;
    char *octets = length ? malloc(length) : NULL;
    if (!octets) {
        fprintf(stderr, "usage: encode [MIB]\n");
        return 64;
    }
    fill_lines(octets, length, false, "\r\n");
    bool done = measure("memcpy into the buffer, for comparison", copy, octets, length) &&
                measure("content, lines of 76, CR LF", send_memory, octets, length);
    fill_lines(octets, length, false, "\n");
    done = done && measure("content, lines of 76, LF", send_memory, octets, length);
    fill_lines(octets, length, true, "\r\n");
    done = done && measure("content, lines of 0 to 199, CR LF", send_memory, octets, length);
    fill_lines(octets, length, true, "\n");
    done = done && measure("content, lines of 0 to 199, LF", send_memory, octets, length) &&
           measure("attachment composed (base64)", compose_and_read, octets, length) &&
           measure("attachment composed and through the engine, DATA", compose_and_send, octets, length) &&
           measure("attachment composed and through the engine, BDAT", compose_and_send_by_chunks, octets, length);
    free(octets);
    return done && octets_out ? 0 : 1;
}
