/* What the commands share: gathering a mail, sending it, telling what became of it. */
#ifndef POSTINO_TOOL_TOOL_H
#define POSTINO_TOOL_TOOL_H

#include <postino/message.h>
#include <postino/parameters.h>
#include <postino/posix.h>
#include <stdarg.h>
#include <stdio.h>
#include <sysexits.h>

/* Beside those of sysexits(3): the mail may or may not have been delivered. */
enum {
    POSTINO_EX_UNCERTAIN = 79
};

/* access.c: who we are and whom we trust. Of the ways to a secret the first that is named is taken, in this order. */
struct postino_access {
    const char *user; /* NULL: that of the URL */
    const char *mechanisms;
    const char *token_command, *password_variable, *password_file, *password_command;
    bool secret_named; /* one of these by an option */
    struct postino_openssl_options tls;
    const char **pins;
    size_t pin_count;
};
void postino_access_from_environment(struct postino_access *access);
void postino_access_pin(struct postino_access *access, const char *pin);
/* Fetches the secret where there is a user. Returns false where it cannot be had, having said why. `*secret` is to be
 * freed by postino_secret_free. */
bool postino_access_open(const struct postino_access *access, const char *server, struct postino_send_options *options,
                         char **secret);
void postino_secret_free(char *secret);

/* provider.c: who computes mechanisms that are not ours, or NULL. */
struct postino_provider *postino_provider_open(void);
void postino_provider_close(void);

/* extensions.c: those of postino_extensions that are not named in `list`, in words with commas between them. NULL where
 * one of these is none that can be left out, having said so. */
const struct postino_extension *const *postino_extensions_without(const char *list);

/* tool.c */
extern const char *postino_program; /* as it was called, for messages */
/* Says it on standard error, with what a terminal must not see escaped. */
void postino_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
void *postino_grow(void *memory, size_t count, size_t size); /* never NULL: ends the program where memory does */

int postino_send_main(int argc, char **argv);
int postino_sendmail_main(int argc, char **argv);

/* recipients.c: addresses with their names, as header text holds them. */
struct postino_people {
    struct postino_mailbox *items;
    size_t count;
};
/* Adds those of a list such as `Ada <ada@example.test>, bob@example.test`. Returns false where it is wrong, having said
 * so, with `what` as the name of the argument. `domain`, or NULL, is put behind a lone word. */
bool postino_people_add(struct postino_people *people, const char *what, const char *list, const char *domain);

/* spool.c: standard input, or what else cannot be read twice, kept so that it can. Returns false with errno set, or
 * where postino_interrupted is. */
enum postino_spool_as {
    POSTINO_SPOOL_FILE,
    POSTINO_SPOOL_MAIL,       /* without the "From " line of a mailbox */
    POSTINO_SPOOL_MAIL_TO_DOT /* which ends at a line that is a lone dot, too */
};
bool postino_spool_open(struct postino_file_source *file, const char *path, enum postino_spool_as as);

/* measure.c: reads a source through and rewinds it. */
struct postino_measure {
    uint64_t length; /* with line ends as CR LF */
    uint64_t bad_line;
    const char *bad; /* what is wrong on that line, or NULL */
    bool seven_bit;
    bool failed; /* it could not be read */
};
struct postino_measure postino_measure_source(struct postino_source *source);

/* submit.c */
struct postino_submission {
    const char *server;
    struct postino_access access;
    const char *name;
    const char *local_address;
    const char *reverse_path;
    struct postino_people recipients;
    struct postino_source *source;
    uint32_t total_s;
    const struct postino_extension *const *extensions; /* NULL: all */
    struct postino_mail_parameters parameters;
    uint8_t notify; /* POSTINO_NOTIFY_…, of each recipient */
    bool all_or_none;
    bool trace;
    bool json;
    bool quiet; /* says nothing of what was accepted */
};
/* parameters.c: takes an option, whose name is for messages. Returns false where its argument is wrong, having said so.
 */
enum postino_parameter {
    POSTINO_PARAMETER_NOTIFY,
    POSTINO_PARAMETER_RETURN,
    POSTINO_PARAMETER_ENVELOPE_ID,
    POSTINO_PARAMETER_DELIVER_BY,
    POSTINO_PARAMETER_PRIORITY,
    POSTINO_PARAMETER_HOLD,
    POSTINO_PARAMETER_REQUIRE_TLS
};
bool postino_parameter_take(struct postino_submission *submission, enum postino_parameter parameter, const char *option,
                            const char *argument);

/* Sends, tells, and returns the exit code. */
int postino_submit(const struct postino_submission *submission);
/* Sends what `mails` lists. `options` need not be set: their `problem` is, when EX_OK is returned, and the outcome. */
int postino_deliver(const struct postino_submission *submission, struct postino_mail *mails,
                    struct postino_send_options *options, enum postino_outcome *outcome);

/* ask.c: says these commands instead of a mail, tells what the server answered, and returns the exit code. */
int postino_ask(const struct postino_submission *submission, const char *const *questions, size_t count);

extern volatile bool postino_interrupted; /* by SIGINT, SIGTERM or SIGHUP, once the mail is being gathered or sent */
int postino_say_interrupted(void);        /* before anything was sent; returns the exit code */
int postino_catch_signals(void);          /* returns a descriptor that can be read after such a signal */

/* report.c */
void postino_report(const struct postino_submission *submission, const struct postino_mail *mail,
                    enum postino_outcome outcome, const char *problem);
void postino_report_asked(const struct postino_submission *submission, const char *const *questions,
                          const struct postino_mail *mails, size_t count, enum postino_outcome outcome,
                          const char *problem);
int postino_exit_code(enum postino_outcome outcome, const struct postino_mail *mail);
void postino_print_escaped(FILE *out, const char *text, size_t length);

#endif
