/* postino send: a mail from options. */
#define _GNU_SOURCE
#include "tool.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
    "usage: postino send --from ADDRESS --to ADDRESS... [OPTION]...\n"
    "\n"
    "Without --text, --text-file or --message, standard input is the text.\n"
    "\n"
    "  --server URL         where to deliver; default: $POSTINO_SERVER, else smtp://localhost\n"
    "  --from ADDRESS       who sends, as ada@example.test or 'Ada <ada@example.test>'; '<>' with --message: nobody\n"
    "  --to LIST            whom to; may be repeated, as --cc and --bcc; a list has commas\n"
    "  --cc LIST            further recipients that the header names\n"
    "  --bcc LIST           further recipients that no header names\n"
    "  --reply-to LIST      where answers go\n"
    "  --subject TEXT       in UTF-8\n"
    "  --text TEXT          the text itself\n"
    "  --text-file FILE     the text, from a file; - is standard input\n"
    "  --attach FILE        a file to attach; may be repeated\n"
    "  --header 'N: VALUE'  a further header field; may be repeated\n"
    "  --message FILE       a whole message (RFC 5322) instead, sent as it is but for Bcc; - is standard input\n"
    "  --user NAME          who we are to the server; default: the user in the URL\n"
    "  --password-file F    its first line is the password; others must not be able to read it\n"
    "  --password-command C what C prints is the password\n"
    "  --password-env V     the variable V of the environment is the password\n"
    "                       without any of these a terminal is asked; a password is never an argument\n"
    "  --token-command C    what C prints is a token of OAuth 2\n"
    "  --auth LIST          use these mechanisms alone, in this order, as SCRAM-SHA-256,PLAIN\n"
    "  --ca-file FILE       trust these certificates (PEM); default: those of the system\n"
    "  --pin sha256:DIGEST  trust the server with this public key, whoever issued its certificate; may be repeated\n"
    "  --certificate FILE   a certificate of our own (PEM)\n"
    "  --key FILE           its key, where that is not in the same file\n"
    "  --tls-session FILE   keep the TLS session there, and resume it the next time\n"
    "  --all                deliver to every recipient or to none\n"
    "  --name NAME          what to call ourselves in EHLO\n"
    "  --local-address A    the address to connect from\n"
    "  --timeout SECONDS    an end to it all; default: only each step of SMTP has its own\n"
    "  --notify LIST        ask for reports of success,failure,delay, or never (DSN)\n"
    "  --return full        what such a report brings back: full or headers\n"
    "  --envelope-id ID     and what it calls the mail\n"
    "  --deliver-by S       in so many seconds, else a report; S,return: else the mail comes back (DELIVERBY)\n"
    "  --mt-priority N      from -9 to 9 (MT-PRIORITY)\n"
    "  --hold S             the server is to keep the mail for S seconds, or until a date (FUTURERELEASE)\n"
    "  --require-tls        on the whole way to the recipient, or not at all (REQUIRETLS)\n"
    "  --without LIST       do without these, though they are offered: CHUNKING,PIPELINING,8BITMIME,SIZE,BINARYMIME\n"
    "  --ask COMMAND        instead of a mail: 'VRFY ADDRESS', 'EXPN LIST', 'ETRN DOMAIN' or NOOP; may be repeated\n"
    "  --remember FILE      keep there what servers offer: those that offered PIPECONNECT get the next mail ahead of\n"
    "                       their greeting, two round trips sooner\n"
    "  --fast-open          what is said first goes with the SYN (TCP Fast Open), a round trip sooner; what a network\n"
    "                       repeats, a mail among it, may be delivered twice\n"
    "  --xclient WORDS      for whom we speak, to a server that believes us: 'NAME=mx.example.test ADDR=192.0.2.1'\n";

static const char help_of_many[] =
    "\n"
    "Many mails:\n"
    "  --batch FILE         many mails, a line of JSON for each: {\"to\": [\"bob@example.test\"], \"text\": \"...\"}; "
    "an\n"
    "                       option of a mail is a member of its line; others hold for all. - is standard input\n"
    "  --journal FILE       what became of each line is kept there: called again, only what is left is sent\n"
    "  --again              what was uncertain in the journal, too\n"
    "  --in-flight N        mails on their way without an answer; all are uncertain where the line dies (8)\n"
    "  --behind-dot         where there is no CHUNKING, a mail's envelope goes with the content of the one before it: "
    "for\n"
    "                       servers that are known to bear that, as Postfix and Exim are\n"
    "\n"
    "  --trace              show the conversation on standard error\n"
    "  --json               tell what became of it as a line of JSON on standard output\n"
    "\n"
    "Exit codes: 0 accepted for every recipient; 64 bad arguments; 65 a message that cannot be sent; 66 a file that\n"
    "cannot be read; 69 refused for good; 75 refused for now, try again later; 76 no TLS that can be trusted;\n"
    "77 the server refused to know us; 79 uncertain: the whole mail went out and the answer did not come, so that\n"
    "sending it again may deliver it twice.\n";

enum option_value {
    OPTION_SERVER = 256,
    OPTION_FROM,
    OPTION_TO,
    OPTION_CC,
    OPTION_BCC,
    OPTION_REPLY_TO,
    OPTION_SUBJECT,
    OPTION_TEXT,
    OPTION_TEXT_FILE,
    OPTION_ATTACH,
    OPTION_HEADER,
    OPTION_MESSAGE,
    OPTION_USER,
    OPTION_PASSWORD_FILE,
    OPTION_PASSWORD_COMMAND,
    OPTION_PASSWORD_ENV,
    OPTION_TOKEN_COMMAND,
    OPTION_AUTH,
    OPTION_CA_FILE,
    OPTION_PIN,
    OPTION_CERTIFICATE,
    OPTION_KEY,
    OPTION_TLS_SESSION,
    OPTION_ALL,
    OPTION_NAME, /* from here on: how to get there */
    OPTION_LOCAL_ADDRESS,
    OPTION_TIMEOUT,
    OPTION_REMEMBER,
    OPTION_FAST_OPEN,
    OPTION_XCLIENT,
    OPTION_WITHOUT,
    OPTION_NOTIFY, /* in the order of enum postino_parameter */
    OPTION_RETURN,
    OPTION_ENVELOPE_ID,
    OPTION_DELIVER_BY,
    OPTION_MT_PRIORITY,
    OPTION_HOLD,
    OPTION_REQUIRE_TLS,
    OPTION_ASK,
    OPTION_BATCH,
    OPTION_JOURNAL,
    OPTION_AGAIN,
    OPTION_IN_FLIGHT,
    OPTION_BEHIND_DOT,
    OPTION_TRACE,
    OPTION_JSON,
    OPTION_HELP
};

static const struct option options[] = {
    {"server", required_argument, NULL, OPTION_SERVER},
    {"from", required_argument, NULL, OPTION_FROM},
    {"to", required_argument, NULL, OPTION_TO},
    {"cc", required_argument, NULL, OPTION_CC},
    {"bcc", required_argument, NULL, OPTION_BCC},
    {"reply-to", required_argument, NULL, OPTION_REPLY_TO},
    {"subject", required_argument, NULL, OPTION_SUBJECT},
    {"text", required_argument, NULL, OPTION_TEXT},
    {"text-file", required_argument, NULL, OPTION_TEXT_FILE},
    {"attach", required_argument, NULL, OPTION_ATTACH},
    {"header", required_argument, NULL, OPTION_HEADER},
    {"message", required_argument, NULL, OPTION_MESSAGE},
    {"user", required_argument, NULL, OPTION_USER},
    {"password-file", required_argument, NULL, OPTION_PASSWORD_FILE},
    {"password-command", required_argument, NULL, OPTION_PASSWORD_COMMAND},
    {"password-env", required_argument, NULL, OPTION_PASSWORD_ENV},
    {"token-command", required_argument, NULL, OPTION_TOKEN_COMMAND},
    {"auth", required_argument, NULL, OPTION_AUTH},
    {"ca-file", required_argument, NULL, OPTION_CA_FILE},
    {"pin", required_argument, NULL, OPTION_PIN},
    {"certificate", required_argument, NULL, OPTION_CERTIFICATE},
    {"key", required_argument, NULL, OPTION_KEY},
    {"tls-session", required_argument, NULL, OPTION_TLS_SESSION},
    {"all", no_argument, NULL, OPTION_ALL},
    {"name", required_argument, NULL, OPTION_NAME},
    {"local-address", required_argument, NULL, OPTION_LOCAL_ADDRESS},
    {"timeout", required_argument, NULL, OPTION_TIMEOUT},
    {"remember", required_argument, NULL, OPTION_REMEMBER},
    {"fast-open", no_argument, NULL, OPTION_FAST_OPEN},
    {"xclient", required_argument, NULL, OPTION_XCLIENT},
    {"notify", required_argument, NULL, OPTION_NOTIFY},
    {"return", required_argument, NULL, OPTION_RETURN},
    {"envelope-id", required_argument, NULL, OPTION_ENVELOPE_ID},
    {"deliver-by", required_argument, NULL, OPTION_DELIVER_BY},
    {"mt-priority", required_argument, NULL, OPTION_MT_PRIORITY},
    {"hold", required_argument, NULL, OPTION_HOLD},
    {"require-tls", no_argument, NULL, OPTION_REQUIRE_TLS},
    {"ask", required_argument, NULL, OPTION_ASK},
    {"batch", required_argument, NULL, OPTION_BATCH},
    {"journal", required_argument, NULL, OPTION_JOURNAL},
    {"again", no_argument, NULL, OPTION_AGAIN},
    {"in-flight", required_argument, NULL, OPTION_IN_FLIGHT},
    {"behind-dot", no_argument, NULL, OPTION_BEHIND_DOT},
    {"without", required_argument, NULL, OPTION_WITHOUT},
    {"trace", no_argument, NULL, OPTION_TRACE},
    {"json", no_argument, NULL, OPTION_JSON},
    {"help", no_argument, NULL, OPTION_HELP},
    {NULL, 0, NULL, 0},
};

static bool add_header(struct postino_request *request, const char *argument)
{
    const char *colon = strchr(argument, ':');
    if (!colon || colon == argument) {
        postino_complain("--header: not as 'Name: value': %s", argument);
        return false;
    }
    const char *value = colon + 1;
    value += strspn(value, " ");
    request->headers = postino_grow(request->headers, request->header_count + 1, sizeof *request->headers);
    request->headers[request->header_count++] =
        (struct postino_header){strndup(argument, (size_t)(colon - argument)), value};
    return true;
}

static bool set_timeout(struct postino_request *request, const char *argument)
{
    char *end;
    errno = 0;
    unsigned long seconds = strtoul(argument, &end, 10);
    if (*argument < '0' || *argument > '9' || *end || errno || seconds == 0 || seconds > UINT32_MAX) {
        postino_complain("--timeout: not a number of seconds: %s", argument);
        return false;
    }
    request->submission.total_s = (uint32_t)seconds;
    return true;
}

static bool set_in_flight(struct postino_request *request, const char *argument)
{
    char *end;
    unsigned long mails = strtoul(argument, &end, 10);
    if (*argument < '0' || *argument > '9' || *end || mails == 0 || mails > 1000) {
        postino_complain("--in-flight: not a number of mails from 1 to 1000: %s", argument);
        return false;
    }
    request->submission.mails_in_flight = (uint16_t)mails;
    return true;
}

static bool set_from(struct postino_request *request, const char *argument)
{
    request->null_sender = strcmp(argument, "<>") == 0 || !*argument;
    return request->null_sender || postino_people_add(&request->from, "--from", argument, NULL);
}

static bool add_attachment(struct postino_request *request, const char *path)
{
    request->attached = postino_grow(request->attached, request->attached_count + 1, sizeof *request->attached);
    request->attached[request->attached_count++] = path;
    return true;
}

static bool add_question(struct postino_request *request, const char *command)
{
    request->questions = postino_grow(request->questions, request->question_count + 1, sizeof *request->questions);
    request->questions[request->question_count++] = command;
    return true;
}

/* Of those that say who we are and whom we trust. Returns whether it was one. */
static bool take_access_option(struct postino_access *access, int option, const char *argument)
{
    const char **const places[] = {
        [OPTION_USER - OPTION_USER] = &access->user,
        [OPTION_PASSWORD_FILE - OPTION_USER] = &access->password_file,
        [OPTION_PASSWORD_COMMAND - OPTION_USER] = &access->password_command,
        [OPTION_PASSWORD_ENV - OPTION_USER] = &access->password_variable,
        [OPTION_TOKEN_COMMAND - OPTION_USER] = &access->token_command,
        [OPTION_AUTH - OPTION_USER] = &access->mechanisms,
        [OPTION_CA_FILE - OPTION_USER] = &access->tls.ca_file,
        [OPTION_PIN - OPTION_USER] = NULL,
        [OPTION_CERTIFICATE - OPTION_USER] = &access->tls.certificate_file,
        [OPTION_KEY - OPTION_USER] = &access->tls.key_file,
        [OPTION_TLS_SESSION - OPTION_USER] = &access->tls.session_file,
    };
    if (option < OPTION_USER || option > OPTION_TLS_SESSION)
        return false;
    if (option >= OPTION_PASSWORD_FILE && option <= OPTION_TOKEN_COMMAND && !access->secret_named) {
        access->secret_named = true; /* what the environment names is for other servers */
        access->token_command = access->password_variable = access->password_file = access->password_command = NULL;
    }
    if (option == OPTION_PIN)
        postino_access_pin(access, argument);
    else
        *places[option - OPTION_USER] = argument;
    return true;
}

static bool take_parameter(struct postino_request *request, int option, const char *argument)
{
    char name[32];
    const struct option *at = options;
    while (at->val != option)
        at++;
    snprintf(name, sizeof name, "--%s", at->name);
    return postino_parameter_take(&request->submission, (enum postino_parameter)(option - OPTION_NOTIFY), name,
                                  argument);
}

/* Of the way to the server. */
static bool take_way_option(struct postino_request *request, int option, const char *argument)
{
    struct postino_submission *submission = &request->submission;
    if (option == OPTION_NAME)
        submission->name = argument;
    else if (option == OPTION_LOCAL_ADDRESS)
        submission->local_address = argument;
    else if (option == OPTION_REMEMBER)
        submission->memory_file = argument;
    else if (option == OPTION_FAST_OPEN)
        submission->fast_open = true;
    else if (option == OPTION_XCLIENT)
        submission->xclient = argument;
    else if (option == OPTION_WITHOUT)
        return (submission->extensions = postino_extensions_without(argument)) != NULL;
    else
        return set_timeout(request, argument);
    return true;
}

/* Of many mails. */
static bool take_batch_option(struct postino_request *request, int option, const char *argument)
{
    if (option == OPTION_BATCH)
        request->batch = argument;
    else if (option == OPTION_JOURNAL)
        request->journal = argument;
    else if (option == OPTION_AGAIN)
        request->again = true;
    else if (option == OPTION_BEHIND_DOT)
        request->submission.behind_dot = true;
    else
        return set_in_flight(request, argument);
    return true;
}

/* Returns false where the option's argument is wrong, having said so. */
static bool take_option(struct postino_request *request, int option, const char *argument)
{
    if (take_access_option(&request->submission.access, option, argument))
        return true;
    if (option >= OPTION_NOTIFY && option <= OPTION_REQUIRE_TLS)
        return take_parameter(request, option, argument);
    if (option >= OPTION_NAME && option <= OPTION_WITHOUT)
        return take_way_option(request, option, argument);
    if (option >= OPTION_BATCH && option <= OPTION_BEHIND_DOT)
        return take_batch_option(request, option, argument);
    switch (option) {
    case OPTION_SERVER:
        request->submission.server = argument;
        return true;
    case OPTION_FROM:
        return set_from(request, argument);
    case OPTION_TO:
        return postino_people_add(&request->to, "--to", argument, NULL);
    case OPTION_CC:
        return postino_people_add(&request->cc, "--cc", argument, NULL);
    case OPTION_BCC:
        return postino_people_add(&request->bcc, "--bcc", argument, NULL);
    case OPTION_REPLY_TO:
        return postino_people_add(&request->reply_to, "--reply-to", argument, NULL);
    case OPTION_SUBJECT:
        request->subject = argument;
        return true;
    case OPTION_TEXT:
        request->text = argument;
        return true;
    case OPTION_TEXT_FILE:
        request->text_file = argument;
        return true;
    case OPTION_ATTACH:
        return add_attachment(request, argument);
    case OPTION_HEADER:
        return add_header(request, argument);
    case OPTION_MESSAGE:
        request->message_file = argument;
        return true;
    case OPTION_ALL:
        request->submission.all_or_none = true;
        return true;
    case OPTION_ASK:
        return add_question(request, argument);
    case OPTION_TRACE:
        request->submission.trace = true;
        return true;
    case OPTION_JSON:
        request->submission.json = true;
        return true;
    case OPTION_HELP:
        fputs(help, stdout);
        fputs(help_of_many, stdout);
        exit(EX_OK);
    }
    fputs("postino send --help lists the options.\n", stderr); /* getopt has named what it did not know */
    return false;
}

static void join(struct postino_people *all, const struct postino_people *some)
{
    all->items = postino_grow(all->items, all->count + some->count + 1, sizeof *all->items);
    if (some->count)
        memcpy(all->items + all->count, some->items, some->count * sizeof *all->items);
    all->count += some->count;
}

/* How many parts of the mail standard input is to be. */
static size_t standard_inputs(const struct postino_request *request)
{
    const char *text = request->text_file ? request->text_file : request->text || request->message_file ? "" : "-";
    size_t count = strcmp(text, "-") == 0;
    for (size_t i = 0; i < request->attached_count; i++)
        count += strcmp(request->attached[i], "-") == 0;
    return count;
}

static bool without_a_mail(const struct postino_request *request)
{
    size_t people = request->from.count + request->to.count + request->cc.count + request->bcc.count;
    if (!people && !request->null_sender && !request->text && !request->text_file && !request->message_file &&
        !request->attached_count)
        return true;
    postino_complain("--ask is said instead of a mail: it goes without --from, --to and a text");
    return false;
}

bool postino_request_complete(struct postino_request *request)
{
    struct postino_submission *submission = &request->submission;
    join(&submission->recipients, &request->to);
    join(&submission->recipients, &request->cc);
    join(&submission->recipients, &request->bcc);
    if (submission->recipients.count == 0) {
        postino_complain("nobody to send to: name somebody with --to");
        return false;
    }
    if (request->from.count != 1 && !(request->null_sender && request->message_file)) {
        postino_complain("name one sender with --from");
        return false;
    }
    submission->reverse_path = request->from.count ? request->from.items[0].address : "";
    bool composed = request->subject || request->text || request->text_file || request->attached_count ||
                    request->header_count || request->reply_to.count;
    if (request->message_file && composed) {
        postino_complain("--message is sent as it is: it goes with --from, --to, --cc, --bcc, and no other content");
        return false;
    }
    if (request->text && request->text_file) {
        postino_complain("--text and --text-file are two texts; give one");
        return false;
    }
    if (standard_inputs(request) > (request->batch ? 0 : 1)) {
        postino_complain(request->batch ? "a mail of a batch needs a text, text-file or message of its own"
                                        : "standard input can be read once; give files for the rest");
        return false;
    }
    return true;
}

static void free_people(struct postino_people *people)
{
    for (size_t i = 0; i < people->count; i++) {
        free((char *)people->items[i].name);
        free((char *)people->items[i].address);
    }
    free(people->items);
}

void postino_request_free(struct postino_request *request)
{
    free_people(&request->from);
    free_people(&request->to);
    free_people(&request->cc);
    free_people(&request->bcc);
    free_people(&request->reply_to);
    free(request->submission.recipients.items); /* people of those */
    for (size_t i = 0; i < request->header_count; i++)
        free((char *)request->headers[i].name);
    free(request->headers);
    free(request->attached);
}

/* What holds for the program as a whole. */
static bool complete(struct postino_request *request, int argc, char **argv)
{
    const char *name = request->submission.name;
    if (optind < argc) {
        postino_complain("what is '%s'? Addresses come behind --to, files behind --attach", argv[optind]);
        return false;
    }
    if (name && !postino_name_valid(name)) {
        postino_complain("--name: neither a domain nor an address literal: %s", name);
        return false;
    }
    if (request->question_count)
        return without_a_mail(request);
    if (request->batch && (request->to.count || request->cc.count || request->bcc.count || request->reply_to.count ||
                           request->subject || request->text || request->text_file || request->message_file ||
                           request->attached_count || request->header_count || request->null_sender)) {
        postino_complain("with --batch, whom to and what stand in its lines; --from may stand here for all of them");
        return false;
    }
    if (!request->batch && (request->journal || request->again)) {
        postino_complain("--journal and --again are for --batch");
        return false;
    }
    return request->batch || postino_request_complete(request);
}

/* Options of a mail, which a line of a batch may have, too. */
static bool of_a_mail(int option)
{
    return (option >= OPTION_FROM && option <= OPTION_MESSAGE) || option == OPTION_ALL ||
           (option >= OPTION_NOTIFY && option <= OPTION_REQUIRE_TLS);
}

bool postino_request_take(struct postino_request *request, const char *name, const char *argument)
{
    for (const struct option *at = options; at->name; at++) {
        if (strcmp(at->name, name) != 0 || !of_a_mail(at->val))
            continue;
        if (!argument == !at->has_arg)
            return take_option(request, at->val, argument);
        postino_complain("%s: %s", name, argument ? "true, and nothing else, asks for it" : "text is needed");
        return false;
    }
    postino_complain("%s: not an option of a mail", name);
    return false;
}

static int send_one(struct postino_request *request)
{
    struct postino_letter letter;
    int code = postino_letter_open(&letter, request);
    if (code == EX_OK)
        code = postino_submit(&request->submission);
    postino_letter_close(&letter);
    return code;
}

int postino_send_main(int argc, char **argv)
{
    struct postino_request request = {.submission = {.server = getenv("POSTINO_SERVER")}};
    int option;
    if (!request.submission.server || !*request.submission.server)
        request.submission.server = "smtp://localhost";
    postino_access_from_environment(&request.submission.access);
    postino_program = "postino send";
    argv[0] = (char *)"postino send"; /* getopt says it */
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
        if (!take_option(&request, option, optarg))
            return EX_USAGE;
    if (!complete(&request, argc, argv))
        return EX_USAGE;
    postino_catch_signals();
    int code = request.question_count ? postino_ask(&request.submission, request.questions, request.question_count)
               : request.batch        ? postino_batch(&request)
                                      : send_one(&request);
    if (fflush(stdout) != 0 || ferror(stdout)) /* the exit code still tells what became of it */
        postino_complain("standard output cannot be written to");
    return code;
}
