/*
 * load URL MAILS SIZE CONNECTIONS [PER_CONNECTION [IN_FLIGHT [OUTPUT INPUT [RECIPIENTS]]]]: sends so many mails of SIZE
 * octets to a server as fast as it takes them, over a pool. Prints a line of JSON.
 */
#define _GNU_SOURCE
#include <err.h>
#include <postino/message.h>
#include <postino/posix.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

/* A mail and all that it needs. As many as may be under way are made, and used again and again. */
struct letter {
    struct postino_mail mail; /* first */
    struct postino_memory_source source;
    struct postino_recipient recipients[];
};

static size_t recipients = 1;

static size_t letter_size(void)
{
    return sizeof(struct letter) + recipients * sizeof(struct postino_recipient);
}

static double now_s(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static char *make_content(size_t size)
{
    static const char head[] = "From: ada@example.test\r\nTo: bob@example.test\r\nSubject: load\r\n\r\n";
    static const char line[] = "the quick brown fox jumps over the lazy dog, and so it goes on and on.\r\n";
    char *content = malloc(size + sizeof line);
    if (!content)
        err(EX_OSERR, "no memory");
    size_t length = strlen(head) < size ? strlen(head) : size;
    memcpy(content, head, length);
    for (; length < size; length += strlen(line))
        memcpy(content + length, line, strlen(line));
    memcpy(content + size - 3, ".\r\n", 3); /* no CR is cut off from its LF */
    return content;
}

static void write_letter(struct letter *letter, const struct postino_memory_source *content)
{
    letter->source = *content;
    for (size_t i = 0; i < recipients; i++)
        letter->recipients[i] = (struct postino_recipient){.address = "bob@example.test"};
    letter->mail = (struct postino_mail){.reverse_path = "ada@example.test",
                                         .recipients = letter->recipients,
                                         .recipient_count = (uint32_t)recipients,
                                         .source = &letter->source.source};
}

/* The largest resident memory of this program, whoever started it. */
static long peak_kib(void)
{
    char line[256];
    long kib = 0;
    FILE *status = fopen("/proc/self/status", "r");
    while (status && fgets(line, sizeof line, status))
        if (sscanf(line, "VmHWM: %ld", &kib) == 1)
            break;
    if (status)
        fclose(status);
    return kib;
}

static size_t number(char **argv, int argc, int at, size_t standard)
{
    return at < argc ? (size_t)strtoull(argv[at], NULL, 10) : standard;
}

int main(int argc, char **argv)
{
    static struct postino_send_options options;
    if (argc < 5)
        errx(EX_USAGE,
             "usage: load URL MAILS SIZE CONNECTIONS [PER_CONNECTION [IN_FLIGHT [OUTPUT INPUT [RECIPIENTS]]]]");
    size_t mails = number(argv, argc, 2, 0), size = number(argv, argc, 3, 0), connections = number(argv, argc, 4, 1);
    size_t in_flight = number(argv, argc, 6, 64);
    recipients = number(argv, argc, 9, 1);
    struct postino_pool_options limits = {.connections = (uint32_t)connections,
                                          .mails_per_connection = (uint32_t)number(argv, argc, 5, 0),
                                          .idle_s = 10,
                                          .output_size = number(argv, argc, 7, 0),
                                          .input_size = number(argv, argc, 8, 0)};
    options.name = "client.example.test";
    options.mails_in_flight = (uint16_t)in_flight;
    struct postino_memory_source content; /* the same for all of them: looked at once */
    postino_memory_source_open_message(&content, make_content(size), size);
    size_t room = connections * 2 * in_flight;
    room = room < mails ? room : mails;
    char *letters = calloc(room, letter_size());
    struct postino_pool *pool = postino_pool_open(argv[1], &options, &limits);
    if (!letters || !pool)
        errx(EX_USAGE, "%s", options.problem);
    double began = now_s(CLOCK_MONOTONIC), used = now_s(CLOCK_PROCESS_CPUTIME_ID);
    size_t submitted = 0, accepted = 0;
    for (; submitted < room; submitted++) {
        struct letter *letter = (struct letter *)(void *)(letters + submitted * letter_size());
        write_letter(letter, &content);
        if (postino_pool_submit(pool, &letter->mail))
            errx(EX_SOFTWARE, "a mail is wrong");
    }
    if (submitted == mails)
        postino_pool_finish(pool);
    while (postino_pool_step(pool, -1) || submitted < mails) {
        for (struct postino_mail *mail; (mail = postino_pool_finished(pool)) != NULL;) {
            accepted += mail->result.outcome == POSTINO_ACCEPTED;
            if (submitted == mails)
                continue;
            write_letter((struct letter *)mail, &content);
            postino_pool_submit(pool, mail);
            if (++submitted == mails)
                postino_pool_finish(pool);
        }
    }
    for (struct postino_mail *mail; (mail = postino_pool_finished(pool)) != NULL;)
        accepted += mail->result.outcome == POSTINO_ACCEPTED;
    printf("{\"mails\": %zu, \"accepted\": %zu, \"seconds\": %.4f, \"processor\": %.4f, \"peak_kib\": %ld}\n", mails,
           accepted, now_s(CLOCK_MONOTONIC) - began, now_s(CLOCK_PROCESS_CPUTIME_ID) - used, peak_kib());
    postino_pool_close(pool);
    if (accepted != mails)
        errx(EX_TEMPFAIL, "%s", options.problem);
    return 0;
}
