/* postino sendmail: in the place of sendmail(8), for scripts and programs that hand a message to it. */
#define _GNU_SOURCE
#include "tool.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char help[] =
    "usage: sendmail [OPTION]... [ADDRESS]...\n"
    "\n"
    "Reads a message from standard input and delivers it to the addresses, through the server of $POSTINO_SERVER, "
    "else\n"
    "smtp://localhost. There is no queue: the exit code tells what became of it (see postino send --help).\n"
    "\n"
    "  -t            take recipients from To, Cc and Bcc, too; Bcc is removed in any case\n"
    "  -i, -oi       a line that is a lone dot does not end the message\n"
    "  -f ADDRESS    the sender (envelope, and From where the message has none); also -r\n"
    "  -F NAME       the sender's full name, where the message has no From\n"
    "  -B TYPE       7BIT or 8BITMIME: what the message holds is found out anyway\n"
    "  -N LIST       ask for reports of success,failure,delay, or never; -R full or hdrs: what they bring back;\n"
    "                -V ID: what they call the mail\n"
    "  -v            show the conversation on standard error\n"
    "\n"
    "Taken without effect: -bm, -em and its like, -G, -h N, -L TAG, -m, -n, -U, other -o options.\n"
    "Refused: -bs, -bp, -bi, -bd, -bt, -bv, -q, -C, -X, -O, -A, -d, -p.\n";

struct request {
    struct postino_submission submission;
    const char *sender;
    const char *full_name;
    char domain[256];
    bool from_headers;
    bool dot_is_text;
    const char *from; /* the header field that is missing */
};

/* Options whose argument, attached or next, is not looked at. */
static bool ignored_with_argument(char letter)
{
    return letter == 'h' || letter == 'L' || letter == 'o' || letter == 'e';
}

static bool set_body(const char *type)
{
    if (strcasecmp(type, "7BIT") == 0 || strcasecmp(type, "8BITMIME") == 0)
        return true;
    postino_complain("-B: neither 7BIT nor 8BITMIME: %s", type);
    return false;
}

/* RFC 3461, by the letters of sendmail(8). */
static bool take_report(struct request *request, char letter, const char *argument)
{
    const char option[] = {'-', letter, '\0'};
    enum postino_parameter parameter = letter == 'N'   ? POSTINO_PARAMETER_NOTIFY
                                       : letter == 'R' ? POSTINO_PARAMETER_RETURN
                                                       : POSTINO_PARAMETER_ENVELOPE_ID;
    return postino_parameter_take(&request->submission, parameter, option, argument);
}

static bool refuse(const char *option)
{
    static const struct {
        char letter[3];
        const char *why;
    } reasons[] = {
        {"bs", "SMTP on standard input is not served; connect to the server itself"},
        {"bp", "there is no queue to list: mail is delivered at once or the exit code says why not"},
        {"q", "there is no queue to run: mail is delivered at once or the exit code says why not"},
        {"bi", "there are no aliases to rebuild"},
        {"bd", "this is a client, not a server"},
    };
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (strncmp(option + 1, reasons[i].letter, strlen(reasons[i].letter)) == 0) {
            postino_complain("%s: %s", option, reasons[i].why);
            return false;
        }
    postino_complain("%s: not known here; sendmail --help lists what is", option);
    return false;
}

/* Takes one option; `*at` is its index and moves over an argument that stands by itself. */
static bool take_option(struct request *request, int argc, char **argv, int *at)
{
    const char *option = argv[*at];
    char letter = option[1];
    const char *argument = option + 2;
    if (strcmp(option, "-t") == 0)
        return request->from_headers = true;
    if (strcmp(option, "-i") == 0 || strcmp(option, "-oi") == 0 || strcmp(option, "-ti") == 0) {
        request->from_headers |= letter == 't';
        return request->dot_is_text = true;
    }
    if (strcmp(option, "-it") == 0)
        return request->dot_is_text = request->from_headers = true;
    if (strcmp(option, "-v") == 0)
        return request->submission.trace = true;
    if (strcmp(option, "-bm") == 0 || (strchr("GmnU", letter) && !*argument))
        return true;
    if (!strchr("fFrBNRV", letter) && !ignored_with_argument(letter))
        return refuse(option);
    if (!*argument) {
        if (++*at == argc) {
            postino_complain("%s needs an argument", option);
            return false;
        }
        argument = argv[*at];
    }
    if (letter == 'f' || letter == 'r')
        request->sender = argument;
    else if (letter == 'F')
        request->full_name = argument;
    else if (letter == 'o' && strcmp(argument, "i") == 0)
        request->dot_is_text = true;
    else if (strchr("NRV", letter))
        return take_report(request, letter, argument);
    return letter == 'B' ? set_body(argument) : true;
}

static const char *domain_of(const struct request *request)
{
    return *request->domain ? request->domain : NULL;
}

static bool set_sender(struct request *request)
{
    static const struct passwd nobody = {.pw_name = (char *)"nobody"};
    const struct passwd *user = getpwuid(getuid());
    struct postino_people people = {0};
    const char *sender = request->sender;
    if (!user)
        user = &nobody;
    if (sender && (!*sender || strcmp(sender, "<>") == 0)) {
        request->submission.reverse_path = "";
        return true;
    }
    if (!sender)
        sender = user->pw_name;
    if (!postino_people_add(&people, "-f", sender, domain_of(request)))
        return false;
    if (people.count != 1) {
        postino_complain("-f: one sender, not %zu: %s", people.count, sender);
        return false;
    }
    request->submission.reverse_path = people.items[0].address;
    return true;
}

enum {
    FIELD_TO,
    FIELD_CC,
    FIELD_BCC,
    FIELD_FROM,
    FIELD_DATE,
    FIELD_MESSAGE_ID,
    FIELD_COUNT
};

/* Reads the header section: recipients for -t, and which fields are there. Returns EX_OK or an exit code. */
static int scan_headers(struct request *request, struct postino_source *source, bool *there)
{
    static const char *const names[] = {"to", "cc", "bcc", "from", "date", "message-id"};
    enum {
        VALUE_SIZE = 1 << 20
    };
    struct postino_header_scanner scanner;
    enum postino_header_found found;
    char *value = postino_grow(NULL, VALUE_SIZE, 1);
    postino_header_scanner_open(&scanner, source, names, FIELD_COUNT);
    while ((found = postino_header_scanner_next(&scanner, value, VALUE_SIZE - 1)) == POSTINO_HEADER_FIELD) {
        there[scanner.name] = true;
        value[scanner.length] = '\0';
        if (!request->from_headers || scanner.name > FIELD_BCC || !value[strspn(value, " \t\r\n")])
            continue;
        if (strlen(value) != scanner.length) {
            postino_complain("a NUL octet in the header field %s", names[scanner.name]);
            return EX_DATAERR;
        }
        for (char *end = value; (end = strpbrk(end, "\r\n")) != NULL;)
            *end = ' '; /* where it is folded */
        if (!postino_people_add(&request->submission.recipients, names[scanner.name], value, domain_of(request)))
            return EX_DATAERR;
    }
    free(value);
    if (found == POSTINO_HEADER_TOO_LONG) {
        postino_complain("the header field %s is longer than 1 MiB", names[scanner.name]);
        return EX_DATAERR;
    }
    return found == POSTINO_HEADER_END && source->rewind(source) ? EX_OK : EX_NOINPUT;
}

/* Does the message begin with a header field, or with the empty line that ends an empty header section? */
static bool begins_with_header(struct postino_source *source)
{
    char start[1000];
    ptrdiff_t length = source->read(source, start, sizeof start);
    ptrdiff_t at = 0;
    source->rewind(source);
    if (length <= 0 || start[0] == '\n' || start[0] == '\r')
        return true;
    while (at < length && start[at] > ' ' && start[at] < 0x7F && start[at] != ':')
        at++;
    ptrdiff_t name_length = at;
    while (at < length && (start[at] == ' ' || start[at] == '\t'))
        at++;
    return at < length && name_length > 0 && start[at] == ':';
}

/* The fields that every message needs (5322 3.6), where it lacks them, and nothing else. */
static char *missing_fields(const struct request *request, const bool *there, bool headed)
{
    uint8_t randomness[POSTINO_MESSAGE_RANDOMNESS];
    char id[400], when[64], *fields = NULL;
    size_t size;
    FILE *out = open_memstream(&fields, &size);
    time_t now = time(NULL);
    const char *reverse_path = request->submission.reverse_path, *at = strrchr(reverse_path, '@');
    if (!out || !postino_posix_random(randomness, sizeof randomness)) {
        postino_complain("no memory, or no randomness, is left");
        exit(EX_OSERR);
    }
    if (!there[FIELD_FROM])
        fputs(request->from, out);
    if (!there[FIELD_DATE] && strftime(when, sizeof when, "%a, %d %b %Y %H:%M:%S %z", localtime(&now)))
        fprintf(out, "Date: %s\n", when);
    if (!there[FIELD_MESSAGE_ID] && postino_message_id(id, sizeof id, randomness, at ? at + 1 : "localhost"))
        fprintf(out, "Message-ID: <%s>\n", id);
    if (!headed)
        fputc('\n', out);
    fclose(out);
    return fields;
}

/* Two sources as one. */
struct joined_source {
    struct postino_source source;
    struct postino_memory_source first;
    struct postino_source *second;
};

static ptrdiff_t read_joined(struct postino_source *source, void *buffer, size_t size)
{
    struct joined_source *joined = (struct joined_source *)source;
    ptrdiff_t got = joined->first.source.read(&joined->first.source, buffer, size);
    return got != POSTINO_SOURCE_END ? got : joined->second->read(joined->second, buffer, size);
}

static bool rewind_joined(struct postino_source *source)
{
    struct joined_source *joined = (struct joined_source *)source;
    return joined->first.source.rewind(&joined->first.source) && joined->second->rewind(joined->second);
}

static int deliver(struct request *request, struct postino_file_source *file, const bool *there)
{
    char *fields = missing_fields(request, there, begins_with_header(&file->source));
    struct joined_source joined = {.source = {.read = read_joined, .rewind = rewind_joined}, .second = &file->source};
    struct postino_header_filter filter;
    struct postino_downgrade downgrade;
    postino_memory_source_open(&joined.first, fields, strlen(fields));
    struct postino_measure measure = postino_measure_source(&joined.source);
    if (measure.failed) {
        postino_complain("the message could not be read to its end");
        return EX_NOINPUT;
    }
    if (measure.bad) {
        for (const char *end = fields; (end = strchr(end, '\n')) != NULL; end++)
            measure.bad_line--; /* of ours */
        postino_complain("line %llu: %s; it was not sent", (unsigned long long)measure.bad_line, measure.bad);
        return EX_DATAERR;
    }
    joined.source.length = (size_t)measure.length;
    joined.source.seven_bit = measure.seven_bit;
    postino_header_filter_open(&filter, &joined.source);
    postino_downgrade_open(&downgrade, &filter.source);
    request->submission.source = &downgrade.source;
    int code = postino_submit(&request->submission);
    free(fields);
    return code;
}

/* "From: Full Name <sender>", folded and encoded by the composer's rules: it is composed and cut out. */
static char *from_field(const struct request *request)
{
    struct postino_mailbox from = {request->full_name, request->submission.reverse_path};
    struct postino_message message = {.from = {&from, 1}};
    struct postino_message_source composed;
    char *field = postino_grow(NULL, 4096, 1);
    if (!*from.address)
        from.address = "MAILER-DAEMON@localhost";
    if (postino_message_open(&composed, &message) != POSTINO_MESSAGE_OK) {
        postino_complain("-F: not a name: %s", request->full_name);
        return NULL;
    }
    ptrdiff_t got, length = 0;
    while (length < 4095 && (got = composed.source.read(&composed.source, field + length, (size_t)(4095 - length))) > 0)
        length += got;
    field[length] = '\0';
    char *end = strstr(field, "From:");
    if (!end)
        return NULL;
    memmove(field, end, strlen(end) + 1);
    for (end = strchr(field, '\n'); end && (end[1] == ' ' || end[1] == '\t');)
        end = strchr(end + 1, '\n');
    if (end)
        end[1] = '\0';
    return field;
}

static int run(struct request *request)
{
    struct postino_file_source file;
    bool there[FIELD_COUNT] = {false};
    postino_catch_signals();
    if (!postino_spool_open(&file, "-", request->dot_is_text ? POSTINO_SPOOL_MAIL : POSTINO_SPOOL_MAIL_TO_DOT)) {
        if (postino_interrupted)
            return postino_say_interrupted();
        postino_complain("standard input: %s", strerror(errno));
        return EX_NOINPUT;
    }
    int code = scan_headers(request, &file.source, there);
    if (code)
        return code;
    if (request->submission.recipients.count == 0) {
        postino_complain("no recipients: name them as arguments, or in To, Cc or Bcc with -t");
        return EX_USAGE;
    }
    char *from = from_field(request);
    request->from = from;
    code = from ? deliver(request, &file, there) : EX_USAGE;
    free(from);
    return code;
}

int postino_sendmail_main(int argc, char **argv)
{
    struct request request = {.submission = {.server = getenv("POSTINO_SERVER"), .quiet = true}};
    int at = 1;
    postino_program = "sendmail";
    postino_access_from_environment(&request.submission.access);
    if (!request.submission.server || !*request.submission.server)
        request.submission.server = "smtp://localhost";
    if (gethostname(request.domain, sizeof request.domain - 1) != 0 || !postino_name_valid(request.domain))
        strcpy(request.domain, "localhost");
    for (; at < argc && argv[at][0] == '-' && argv[at][1]; at++) {
        if (strcmp(argv[at], "--") == 0) {
            at++;
            break;
        }
        if (strcmp(argv[at], "--help") == 0)
            return fputs(help, stdout) < 0 ? EX_IOERR : EX_OK;
        if (!take_option(&request, argc, argv, &at))
            return EX_USAGE;
    }
    for (; at < argc; at++)
        if (!postino_people_add(&request.submission.recipients, "recipient", argv[at], domain_of(&request)))
            return EX_USAGE;
    return set_sender(&request) ? run(&request) : EX_USAGE;
}
