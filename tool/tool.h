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
    uint16_t mails_in_flight;                          /* 0: as many as the library thinks right */
    const struct postino_extension *const *extensions; /* NULL: all */
    struct postino_mail_parameters parameters;
    uint8_t notify; /* POSTINO_NOTIFY_…, of each recipient */
    bool all_or_none;
    bool behind_dot;         /* see struct postino_config */
    const char *memory_file; /* see struct postino_send_options */
    bool fast_open;
    const char *xclient;
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

/* A mail with room for its results, from a submission, which must live as long. */
struct postino_outgoing {
    struct postino_mail mail; /* private from here on */
    struct postino_mail_parameters parameters;
    struct postino_recipient *recipients;
    struct postino_recipient_parameters *of_recipients;
    char *texts;
    char text[256];
};
void postino_outgoing_make(struct postino_outgoing *outgoing, const struct postino_submission *submission);
void postino_outgoing_free(struct postino_outgoing *outgoing);

/* Who brings mails to the server of a submission, any number of times. The secret is fetched once. */
struct postino_courier {
    struct postino_send_options options; /* `problem` tells why, behind a delivery; private from here on */
    struct postino_trace trace;
    char *secret;
    char trace_buffer[8192];
};
int postino_courier_open(struct postino_courier *courier, const struct postino_submission *submission); /* exit code */
enum postino_outcome postino_courier_deliver(struct postino_courier *courier,
                                             const struct postino_submission *submission, struct postino_mail *mails);
void postino_courier_close(struct postino_courier *courier);

/* Sends, tells, and returns the exit code. */
int postino_submit(const struct postino_submission *submission);

/* send.c: all that was asked for by options. */
struct postino_request {
    struct postino_submission submission;
    struct postino_people from, to, cc, bcc, reply_to;
    const char *subject, *text, *text_file, *message_file;
    struct postino_header *headers;
    size_t header_count;
    const char **attached;
    size_t attached_count;
    const char **questions; /* for the server, instead of a mail */
    size_t question_count;
    const char *batch, *journal; /* many mails, instead of one */
    bool again;                  /* those that are uncertain, too */
    bool null_sender;
};
/* Takes an option of a mail by its name; `argument` is NULL for those without. Returns false where it is wrong, having
 * said so. */
bool postino_request_take(struct postino_request *request, const char *name, const char *argument);
/* Holds the options against each other, and gathers the recipients. Returns false likewise. */
bool postino_request_complete(struct postino_request *request);
void postino_request_free(struct postino_request *request);

/* letter.c: what a request is to send, as a source. */
struct postino_letter {
    struct postino_file_source text_file; /* private, all of it */
    struct postino_memory_source memory;
    struct postino_header_filter filter;
    struct postino_downgrade downgrade;
    struct postino_message message;
    struct postino_message_source composed;
    struct postino_date date;
    uint8_t randomness[2][POSTINO_MESSAGE_RANDOMNESS];
    char message_id[400];
    struct postino_part *parts;
    struct postino_file_source *files;
    size_t file_count;
    bool with_text_file;
};
/* Sets `source` of the request's submission. Returns EX_OK, or an exit code, having said why. To be closed either way,
 * once the mail is done. */
int postino_letter_open(struct postino_letter *letter, struct postino_request *request);
void postino_letter_close(struct postino_letter *letter);

/* batch.c: sends the mails that `request` names as a batch; what else it says holds for each of them. Returns the exit
 * code. */
int postino_batch(const struct postino_request *request);

/* ask.c: says these commands instead of a mail, tells what the server answered, and returns the exit code. */
int postino_ask(const struct postino_submission *submission, const char *const *questions, size_t count);

extern volatile bool postino_interrupted; /* by SIGINT, SIGTERM or SIGHUP, once the mail is being gathered or sent */
int postino_say_interrupted(void);        /* before anything was sent; returns the exit code */
int postino_catch_signals(void);          /* returns a descriptor that can be read after such a signal */

/* report.c */
/* As a line of JSON; `begin` is what stands in it first: members, each with a comma behind it. */
void postino_report_json(FILE *out, const char *begin, const struct postino_submission *submission,
                         const struct postino_mail *mail, enum postino_outcome outcome, const char *problem);
void postino_print_json_string(FILE *out, const char *text);
void postino_report(const struct postino_submission *submission, const struct postino_mail *mail,
                    enum postino_outcome outcome, const char *problem);
void postino_report_asked(const struct postino_submission *submission, const char *const *questions,
                          const struct postino_mail *mails, size_t count, enum postino_outcome outcome,
                          const char *problem);
int postino_exit_code(enum postino_outcome outcome, const struct postino_mail *mail);
void postino_print_escaped(FILE *out, const char *text, size_t length);

#endif
