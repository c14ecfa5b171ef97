/* The one call: send these mails to that server, and come back when each has its result. */
#include <arpa/inet.h>
#include <postino/posix.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BUFFER_SIZE = 65536,
    INPUT_SIZE = 16384,
    TEXT_SIZE = 512
};

static void report_misuse(struct postino_send_options *options, enum postino_misuse misuse,
                          const struct postino_mail *mails)
{
    const char *bad = "";
    const char *what = "a mail has no recipient or no content";
    if (misuse == POSTINO_BAD_NAME) {
        what = "not a domain or an address literal, as EHLO needs it: ";
        bad = options->name;
    } else if (misuse == POSTINO_BAD_REVERSE_PATH) {
        what = "not an address to send from: ";
        for (; mails && !*bad; mails = mails->next)
            if (*mails->reverse_path && !postino_path_valid(mails->reverse_path))
                bad = mails->reverse_path;
    } else if (misuse == POSTINO_BAD_RECIPIENT) {
        what = "not an address to send to: ";
        for (; mails && !*bad; mails = mails->next)
            for (uint32_t i = 0; i < mails->recipient_count; i++)
                if (mails->recipients[i].result.outcome == POSTINO_REFUSED_FOR_GOOD)
                    bad = mails->recipients[i].address;
    } else if (misuse == POSTINO_BAD_COMMAND) {
        what = "a command holds a control character or is too long";
    }
    snprintf(options->problem, sizeof options->problem, "%s%s", what, bad);
}

static int worse(enum postino_outcome outcome)
{
    static const int badness[] = {[POSTINO_ACCEPTED] = 0,
                                  [POSTINO_NOT_TRIED] = 1,
                                  [POSTINO_REFUSED_FOR_NOW] = 2,
                                  [POSTINO_REFUSED_FOR_GOOD] = 3,
                                  [POSTINO_UNCERTAIN] = 4};
    return badness[outcome];
}

static const struct postino_result *worst_of(const struct postino_mail *mails)
{
    const struct postino_result *worst = &mails->result;
    for (const struct postino_mail *mail = mails; mail; mail = mail->next) {
        if (worse(postino_outcome_of(&mail->result)) > worse(postino_outcome_of(worst)))
            worst = &mail->result;
        for (uint32_t i = 0; !mail->command && i < mail->recipient_count; i++)
            if (worse(postino_outcome_of(&mail->recipients[i].result)) > worse(postino_outcome_of(worst)))
                worst = &mail->recipients[i].result;
    }
    return worst;
}

static void report(struct postino_send_options *options, const struct postino_posix *posix,
                   const struct postino_result *worst, const char *text)
{
    const struct postino_url *url = posix->url;
    char where[400];
    if (*url->path)
        snprintf(where, sizeof where, "%s", url->path);
    else
        snprintf(where, sizeof where, "%s port %u", url->host, url->port);
    if (worst->step == POSTINO_STEP_CONNECT && worst->reason != POSTINO_REASON_CANCELLED)
        snprintf(options->problem, sizeof options->problem, "connecting to %s: %s", where,
                 postino_posix_problem(posix));
    else if (worst->code)
        snprintf(options->problem, sizeof options->problem, "%s at %s: %s answered %u %s",
                 postino_outcome_name(postino_outcome_of(worst)), postino_step_name((enum postino_step)worst->step),
                 where, worst->code, text);
    else
        snprintf(options->problem, sizeof options->problem, "%s at %s: %s (%s)",
                 postino_outcome_name(postino_outcome_of(worst)), postino_step_name((enum postino_step)worst->step),
                 postino_reason_name((enum postino_reason)worst->reason), where);
}

/* Returns NULL, or why this URL cannot be served. */
static const char *unserved(const struct postino_url *url)
{
    switch (url->scheme) {
    case POSTINO_SCHEME_SMTP_TLS:
    case POSTINO_SCHEME_SMTPS:
    case POSTINO_SCHEME_SUBMISSION:
        return "it needs TLS, which this version does not have yet";
    case POSTINO_SCHEME_SMTP:
    case POSTINO_SCHEME_SMTP_NOTLS:
    case POSTINO_SCHEME_LMTP:
        break;
    }
    return *url->user ? "it names a user, and this version does not have AUTH yet" : NULL;
}

static bool is_address(const char *text)
{
    struct in_addr v4;
    struct in6_addr v6;
    return inet_pton(AF_INET, text, &v4) == 1 || inet_pton(AF_INET6, text, &v6) == 1;
}

static enum postino_outcome send_with(const struct postino_delivery_config *config, struct postino_posix *posix,
                                      struct postino_mail *mails, struct postino_send_options *options)
{
    struct postino_delivery delivery;
    enum postino_misuse misuse = postino_delivery_init(&delivery, config, mails);
    if (misuse) {
        report_misuse(options, misuse, mails);
        return POSTINO_NOT_TRIED;
    }
    postino_delivery_run(&delivery);
    const struct postino_result *worst = worst_of(delivery.done);
    enum postino_outcome outcome = postino_outcome_of(worst);
    if (outcome != POSTINO_ACCEPTED)
        report(options, posix, worst, worst->text ? worst->text : config->session.text);
    return outcome;
}

enum postino_outcome postino_send(const char *server, struct postino_mail *mails, struct postino_send_options *options)
{
    struct postino_url url;
    struct postino_posix posix;
    char text[TEXT_SIZE] = "";
    const char *problem = postino_url_parse(&url, server);
    options->problem[0] = '\0';
    if (!problem)
        problem = unserved(&url);
    if (!problem && options->local_address && !is_address(options->local_address)) {
        snprintf(options->problem, sizeof options->problem, "the local address %s: neither IPv4 nor IPv6 in numbers",
                 options->local_address);
        return POSTINO_NOT_TRIED;
    }
    char *memory = problem ? NULL : malloc(BUFFER_SIZE + INPUT_SIZE);
    if (!problem && !memory)
        problem = "no memory is left";
    if (problem) {
        snprintf(options->problem, sizeof options->problem, "the server %s: %s", server, problem);
        return POSTINO_NOT_TRIED;
    }
    postino_posix_init(&posix, &url);
    posix.local_address = options->local_address;
    if (options->with_cancel_fd)
        posix.cancel_fd = options->cancel_fd;
    struct postino_delivery_config config = {
        .transport = &posix.transport,
        .session = {.name = options->name,
                    .text = text,
                    .text_size = sizeof text,
                    .window = options->window,
                    .extensions = postino_extensions,
                    .enhanced = &postino_enhanced,
                    .behind_dot = options->behind_dot ? &postino_behind_dot : NULL,
                    .lmtp = url.scheme == POSTINO_SCHEME_LMTP ? &postino_lmtp : NULL,
                    .trace = options->trace},
        .output = memory,
        .output_size = BUFFER_SIZE,
        .input = memory + BUFFER_SIZE,
        .input_size = INPUT_SIZE,
        .timeouts_s = options->timeouts_s,
        .total_s = options->total_s,
    };
    enum postino_outcome outcome = send_with(&config, &posix, mails, options);
    free(memory);
    return outcome;
}
