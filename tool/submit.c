/* One mail on its way, whoever gathered it. */
#define _GNU_SOURCE
#include "tool.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    TEXT_SIZE = 256
};

volatile bool postino_interrupted;
static int signal_pipe[2] = {-1, -1};

static void interrupted(int signal)
{
    static const char octet = 0;
    (void)signal;
    postino_interrupted = true;
    if (write(signal_pipe[1], &octet, 1) < 0)
        return; /* the pipe is full: it has been said */
}

int postino_say_interrupted(void)
{
    postino_complain("interrupted; nothing was sent");
    return EX_TEMPFAIL;
}

int postino_catch_signals(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {.sa_handler = interrupted}; /* without SA_RESTART: reading stops, too */
    if (signal_pipe[0] >= 0)
        return signal_pipe[0];
    if (pipe(signal_pipe) != 0) {
        postino_complain("no descriptors are left");
        exit(EX_OSERR);
    }
    for (int i = 0; i < 2; i++) {
        fcntl(signal_pipe[i], F_SETFL, O_NONBLOCK);
        fcntl(signal_pipe[i], F_SETFD, FD_CLOEXEC);
    }
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        sigaction(signals[i], &action, NULL);
    return signal_pipe[0];
}

static void print_line(struct postino_trace *trace, enum postino_direction direction, const char *line, size_t length)
{
    (void)trace;
    fputs(direction == POSTINO_TO_SERVER ? "C: " : "S: ", stderr);
    postino_print_escaped(stderr, line, length);
    fputc('\n', stderr);
}

static void print_secured(const struct postino_send_options *options, const char *summary)
{
    (void)options;
    fputs("-: ", stderr);
    postino_print_escaped(stderr, summary, strlen(summary));
    fputc('\n', stderr);
}

/* The same address twice is one recipient. */
static uint32_t fill_recipients(struct postino_recipient *recipients, const struct postino_people *people, char *texts,
                                struct postino_recipient_parameters *parameters, uint8_t notify)
{
    uint32_t count = 0;
    for (size_t i = 0; i < people->count; i++) {
        bool known = false;
        for (uint32_t j = 0; j < count && count <= 1000 && !known; j++)
            known = strcmp(recipients[j].address, people->items[i].address) == 0;
        if (known)
            continue;
        recipients[count] = (struct postino_recipient){.address = people->items[i].address};
        recipients[count].result.text = texts + (size_t)count * TEXT_SIZE;
        recipients[count].result.text_size = TEXT_SIZE;
        recipients[count].result.text[0] = '\0';
        if (notify) {
            parameters[count] =
                (struct postino_recipient_parameters){.original = people->items[i].address, .notify = notify};
            recipients[count].parameters = &parameters[count];
        }
        count++;
    }
    return count;
}

int postino_courier_open(struct postino_courier *courier, const struct postino_submission *submission)
{
    courier->options = (struct postino_send_options){
        .name = submission->name,
        .local_address = submission->local_address,
        .total_s = submission->total_s,
        .mails_in_flight = submission->mails_in_flight,
        .extensions = submission->extensions,
        .behind_dot = submission->behind_dot,
        .memory_file = submission->memory_file,
        .fast_open = submission->fast_open,
        .xclient = submission->xclient,
        .with_cancel_fd = true,
        .cancel_fd = postino_catch_signals(),
        .trace = submission->trace ? &courier->trace : NULL,
        .secured = submission->trace ? print_secured : NULL,
        .provider = postino_provider_open(),
    };
    postino_trace_init(&courier->trace, courier->trace_buffer, sizeof courier->trace_buffer, print_line);
    if (postino_access_open(&submission->access, submission->server, &courier->options, &courier->secret))
        return EX_OK;
    return postino_interrupted ? EX_TEMPFAIL : EX_NOINPUT;
}

enum postino_outcome postino_courier_deliver(struct postino_courier *courier,
                                             const struct postino_submission *submission, struct postino_mail *mails)
{
    return postino_send(submission->server, mails, &courier->options);
}

void postino_courier_close(struct postino_courier *courier)
{
    postino_secret_free(courier->secret);
    postino_provider_close();
}

void postino_outgoing_make(struct postino_outgoing *outgoing, const struct postino_submission *submission)
{
    const struct postino_people *people = &submission->recipients;
    memset(outgoing, 0, sizeof *outgoing);
    outgoing->recipients = postino_grow(NULL, people->count, sizeof *outgoing->recipients);
    outgoing->of_recipients = postino_grow(NULL, people->count, sizeof *outgoing->of_recipients);
    outgoing->texts = postino_grow(NULL, people->count, TEXT_SIZE);
    outgoing->parameters = submission->parameters;
    outgoing->parameters.path_valid = postino_utf8_path_valid;
    outgoing->mail = (struct postino_mail){
        .reverse_path = submission->reverse_path,
        .recipients = outgoing->recipients,
        .recipient_count =
            fill_recipients(outgoing->recipients, people, outgoing->texts, outgoing->of_recipients, submission->notify),
        .parameters = &outgoing->parameters,
        .policy = submission->all_or_none ? POSTINO_POLICY_ALL : POSTINO_POLICY_ANY,
        .source = submission->source,
        .result = {.text = outgoing->text, .text_size = sizeof outgoing->text},
    };
}

void postino_outgoing_free(struct postino_outgoing *outgoing)
{
    free(outgoing->recipients);
    free(outgoing->of_recipients);
    free(outgoing->texts);
}

int postino_submit(const struct postino_submission *submission)
{
    struct postino_outgoing outgoing;
    struct postino_courier courier;
    int code = postino_courier_open(&courier, submission);
    if (code != EX_OK)
        return code;
    postino_outgoing_make(&outgoing, submission);
    enum postino_outcome outcome = postino_courier_deliver(&courier, submission, &outgoing.mail);
    postino_courier_close(&courier);
    postino_report(submission, &outgoing.mail, outcome, courier.options.problem);
    code = postino_exit_code(outcome, &outgoing.mail);
    postino_outgoing_free(&outgoing);
    return code;
}
