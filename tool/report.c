/* What became of a mail, for people and for programs. */
#include "tool.h"

#include <string.h>

/* The character that `text` begins with, and its length; 0 where that is no UTF-8 (3629 4). */
static int decode(const unsigned char *text, size_t left, uint32_t *character)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    int length = *text < 0x80 ? 1 : *text < 0xC0 ? 0 : *text < 0xE0 ? 2 : *text < 0xF0 ? 3 : *text < 0xF8 ? 4 : 0;
    if (length == 0 || (size_t)length > left)
        return 0;
    *character = length == 1 ? *text : *text & (0x7Fu >> length);
    for (int i = 1; i < length; i++) {
        if ((text[i] & 0xC0) != 0x80)
            return 0;
        *character = *character << 6 | (text[i] & 0x3Fu);
    }
    bool surrogate = *character >= 0xD800 && *character <= 0xDFFF;
    return *character < least[length] || *character > 0x10FFFF || surrogate ? 0 : length;
}

/* Controls, what has no width, and what turns the direction of text. */
static bool is_hidden(uint32_t character)
{
    return character < ' ' || (character >= 0x7F && character < 0xA0) || character == 0x061C ||
           (character >= 0x200B && character <= 0x200F) || (character >= 0x2028 && character <= 0x202E) ||
           (character >= 0x2060 && character <= 0x206F) || character == 0xFEFF;
}

/* How many octets of `text` are a character that a terminal may be shown; 0 for none. */
static int printable(const char *text, size_t left)
{
    uint32_t character;
    int length = decode((const unsigned char *)text, left, &character);
    return length && !is_hidden(character) && character != '\\' ? length : 0;
}

void postino_print_escaped(FILE *out, const char *text, size_t length)
{
    for (size_t i = 0; i < length;) {
        int shown = printable(text + i, length - i);
        if (shown) {
            fwrite(text + i, 1, (size_t)shown, out);
            i += (size_t)shown;
        } else {
            fprintf(out, text[i] == '\\' ? "\\\\" : "\\x%02X", (unsigned char)text[i]);
            i++;
        }
    }
}

void postino_print_json_string(FILE *out, const char *text)
{
    fputc('"', out);
    for (size_t i = 0, length = strlen(text); i < length;) {
        int shown = printable(text + i, length - i);
        if (shown && text[i] != '"') {
            fwrite(text + i, 1, (size_t)shown, out);
            i += (size_t)shown;
        } else { /* what is not UTF-8 is told as Latin-1 */
            fprintf(out, "\\u%04x", (unsigned char)text[i]);
            i++;
        }
    }
    fputc('"', out);
}

/* What stands in the texts of the session beside its own enhanced code. */
static void print_result_json(FILE *out, const struct postino_result *result)
{
    fprintf(out, "\"outcome\": \"%s\"", postino_outcome_name(postino_outcome_of(result)));
    if (postino_outcome_of(result) != POSTINO_ACCEPTED || result->code)
        fprintf(out, ", \"step\": \"%s\"", postino_step_name((enum postino_step)result->step));
    if (result->code)
        fprintf(out, ", \"code\": %u", result->code);
    if (result->subject || result->detail ||
        (result->code && result->text && *result->text && strncmp(result->text + 1, ".0.0", 4) == 0))
        fprintf(out, ", \"enhanced\": \"%u.%u.%u\"", result->code / 100u, result->subject, result->detail);
    if (result->code && result->text) {
        fputs(", \"text\": ", out);
        postino_print_json_string(out, result->text);
    }
    if (result->reason != POSTINO_REASON_REPLY)
        fprintf(out, ", \"reason\": \"%s\"", postino_reason_name((enum postino_reason)result->reason));
}

void postino_report_json(FILE *out, const char *begin, const struct postino_submission *submission,
                         const struct postino_mail *mail, enum postino_outcome outcome, const char *problem)
{
    fprintf(out, "{%s\"outcome\": \"%s\", \"server\": ", begin, postino_outcome_name(outcome));
    postino_print_json_string(out, submission->server);
    if (*problem) {
        fputs(", \"problem\": ", out);
        postino_print_json_string(out, problem);
    }
    fputs(", \"recipients\": [", out);
    for (uint32_t i = 0; i < mail->recipient_count; i++) {
        fprintf(out, "%s{\"address\": ", i ? ", " : "");
        postino_print_json_string(out, mail->recipients[i].address);
        fputs(", ", out);
        if (outcome == POSTINO_NOT_TRIED)
            fputs("\"outcome\": \"not tried\"", out);
        else
            print_result_json(out, &mail->recipients[i].result);
        fputc('}', out);
    }
    fputs("]}\n", out);
}

static void print_recipient(FILE *out, const struct postino_recipient *recipient)
{
    const struct postino_result *result = &recipient->result;
    enum postino_outcome outcome = postino_outcome_of(result);
    postino_print_escaped(out, recipient->address, strlen(recipient->address));
    fprintf(out, ": %s", postino_outcome_name(outcome));
    if (outcome != POSTINO_ACCEPTED)
        fprintf(out, " at %s", postino_step_name((enum postino_step)result->step));
    if (result->code) {
        fprintf(out, " (%u ", result->code);
        postino_print_escaped(out, result->text, strlen(result->text));
        fputc(')', out);
    }
    if (result->step == POSTINO_STEP_CONNECT && result->reason == POSTINO_REASON_LOST)
        fputs(" (no connection)", out);
    else if (result->reason != POSTINO_REASON_REPLY)
        fprintf(out, " (%s)", postino_reason_name((enum postino_reason)result->reason));
    if (outcome == POSTINO_UNCERTAIN)
        fputs(": the whole mail went out and no answer came; it may have been delivered", out);
    fputc('\n', out);
}

static void complain_of(enum postino_outcome outcome, const char *problem)
{
    fflush(stdout);
    if (outcome == POSTINO_ACCEPTED)
        return;
    fprintf(stderr, "%s: ", postino_program);
    postino_print_escaped(stderr, problem, strlen(problem));
    fputc('\n', stderr);
}

void postino_report(const struct postino_submission *submission, const struct postino_mail *mail,
                    enum postino_outcome outcome, const char *problem)
{
    if (submission->json)
        postino_report_json(stdout, "", submission, mail, outcome, problem);
    for (uint32_t i = 0; !submission->json && outcome != POSTINO_NOT_TRIED && i < mail->recipient_count; i++)
        if (!submission->quiet || postino_outcome_of(&mail->recipients[i].result) != POSTINO_ACCEPTED)
            print_recipient(submission->quiet ? stderr : stdout, &mail->recipients[i]);
    complain_of(outcome, problem);
}

static void print_answer(const char *question, const struct postino_result *result)
{
    postino_print_escaped(stdout, question, strlen(question));
    printf(": %s (", postino_outcome_name(postino_outcome_of(result)));
    if (result->code)
        printf("%u ", result->code);
    const char *text = result->code ? result->text : postino_reason_name((enum postino_reason)result->reason);
    postino_print_escaped(stdout, text, strlen(text));
    puts(")");
}

static void print_answer_json(const char *question, const struct postino_result *result)
{
    fputs("{\"command\": ", stdout);
    postino_print_json_string(stdout, question);
    fputs(", ", stdout);
    print_result_json(stdout, result);
    puts("}");
}

void postino_report_asked(const struct postino_submission *submission, const char *const *questions,
                          const struct postino_mail *mails, size_t count, enum postino_outcome outcome,
                          const char *problem)
{
    for (size_t i = 0; i < count && outcome != POSTINO_NOT_TRIED; i++)
        (submission->json ? print_answer_json : print_answer)(questions[i], &mails[i].result);
    complain_of(outcome, problem);
}

/* Why a connection could not be used, which no other code tells. 0: it could. */
static int connection_code(const struct postino_result *result)
{
    switch (result->reason) {
    case POSTINO_REASON_NO_TLS:
    case POSTINO_REASON_HANDSHAKE:
    case POSTINO_REASON_CERTIFICATE:
    case POSTINO_REASON_INJECTION:
    case POSTINO_REASON_UNPROVED:
        return EX_PROTOCOL;
    case POSTINO_REASON_NO_AUTH:
        return EX_NOPERM;
    default:
        return result->step == POSTINO_STEP_AUTH && result->code >= 500 ? EX_NOPERM : 0;
    }
}

int postino_exit_code(enum postino_outcome outcome, const struct postino_mail *mail)
{
    int code = mail->result.outcome == POSTINO_NOT_TRIED ? connection_code(&mail->result) : 0;
    if (code && outcome != POSTINO_NOT_TRIED)
        return code;
    switch (outcome) {
    case POSTINO_ACCEPTED:
        return EX_OK;
    case POSTINO_NOT_TRIED:
        return EX_USAGE;
    case POSTINO_REFUSED_FOR_NOW:
        return EX_TEMPFAIL;
    case POSTINO_REFUSED_FOR_GOOD:
        if (mail->result.reason == POSTINO_REASON_SOURCE)
            return EX_NOINPUT;
        return mail->result.reason == POSTINO_REASON_NUL || mail->result.reason == POSTINO_REASON_LONG_LINE ||
                       mail->result.reason == POSTINO_REASON_8BIT
                   ? EX_DATAERR
                   : EX_UNAVAILABLE;
    case POSTINO_UNCERTAIN:
        return POSTINO_EX_UNCERTAIN;
    }
    return EX_SOFTWARE;
}
