/* The one call: send these mails to that server, and come back when each has its result. */
#include "sender.h"

#include <postino/parameters.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    OUTPUT_SIZE = 65536,
    INPUT_SIZE = 16384
};

static bool sender_valid(const struct postino_mail *mail)
{
    bool (*valid)(const char *path) = mail->parameters ? mail->parameters->path_valid : NULL;
    return !*mail->reverse_path || (valid ? valid : postino_path_valid)(mail->reverse_path);
}

static void report_misuse(struct postino_send_options *options, enum postino_misuse misuse,
                          const struct postino_mail *mails)
{
    const char *bad = "";
    const char *what = "a mail has no recipient or no content";
    if (misuse == POSTINO_BAD_REVERSE_PATH) {
        what = "not an address to send from: ";
        for (; mails && !*bad; mails = mails->next)
            if (!sender_valid(mails))
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

/* What the reason does not say. */
static const char *hint(const struct postino_result *worst, const struct postino_url *url)
{
    bool greeting = worst->step == POSTINO_STEP_GREETING;
    bool silent = worst->reason == POSTINO_REASON_TIMEOUT || worst->reason == POSTINO_REASON_PROTOCOL;
    if (greeting && silent && url->scheme != POSTINO_SCHEME_SMTPS)
        return "; where TLS begins with the connection, say smtps://";
    if (worst->step == POSTINO_STEP_AUTH && worst->reason == POSTINO_REASON_NO_TLS)
        return "; credentials go without TLS by smtp+notls:// only";
    return "";
}

/* Why the mechanism could not be used, or was cancelled. */
static void add_problem_of(const struct postino_provider *provider, const struct postino_result *worst, char *text,
                           size_t size)
{
    size_t length = strlen(text);
    if (provider && provider->problem && (worst->step == POSTINO_STEP_AUTH || worst->reason == POSTINO_REASON_NO_AUTH))
        snprintf(text + length, size - length, "; %s", provider->problem);
}

static bool of_tls(const struct postino_result *result)
{
    return result->reason == POSTINO_REASON_HANDSHAKE || result->reason == POSTINO_REASON_CERTIFICATE;
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
        snprintf(options->problem, sizeof options->problem, "%s at %s: %s (%s)%s",
                 postino_outcome_name(postino_outcome_of(worst)), postino_step_name((enum postino_step)worst->step),
                 postino_reason_name((enum postino_reason)worst->reason), where, hint(worst, url));
    add_problem_of(options->provider, worst, options->problem, sizeof options->problem);
}

static enum postino_outcome run(struct postino_sender *sender, struct postino_mail *mails,
                                struct postino_send_options *options)
{
    struct postino_delivery delivery;
    enum postino_misuse misuse = postino_delivery_init(&delivery, &sender->config, mails);
    if (misuse) {
        report_misuse(options, misuse, mails);
        return POSTINO_NOT_TRIED;
    }
    postino_delivery_run(&delivery);
    const struct postino_result *worst = worst_of(delivery.done);
    enum postino_outcome outcome = postino_outcome_of(worst);
    if (outcome != POSTINO_ACCEPTED && of_tls(worst) && *postino_sender_tls_problem(sender))
        snprintf(options->problem, sizeof options->problem, "%s port %u: %s", sender->posix.url->host,
                 sender->posix.url->port, postino_sender_tls_problem(sender));
    else if (outcome != POSTINO_ACCEPTED)
        report(options, &sender->posix, worst, worst->text ? worst->text : sender->config.session.text);
    return outcome;
}

static bool any_requires_tls(const struct postino_mail *mails)
{
    for (; mails; mails = mails->next)
        if (mails->parameters && mails->parameters->require_tls)
            return true;
    return false;
}

enum postino_outcome postino_send(const char *server, struct postino_mail *mails, struct postino_send_options *options)
{
    struct postino_url url;
    enum postino_outcome outcome = POSTINO_NOT_TRIED;
    struct postino_sender_sizes sizes = {OUTPUT_SIZE, INPUT_SIZE, POSTINO_SECURE_TEXT};
    if (!postino_sender_url(&url, server, options))
        return outcome;
    struct postino_sender *sender = postino_sender_new(&url, server, options, &sizes);
    if (!sender)
        return outcome;
    if (postino_sender_prepare(sender, any_requires_tls(mails), !mails->next, NULL))
        outcome = run(sender, mails, options);
    postino_sender_free(sender);
    return outcome;
}
