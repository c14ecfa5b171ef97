/* What became of a mail, for people and for programs. */
#include "tool.h"

#include <string.h>

static int utf8_length(unsigned char first)
{
    return first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC2 ? 2 : 1;
}

/* A character that a terminal may be shown: whole UTF-8, no control, nothing that turns the direction of text. */
static int printable(const char *text, size_t left)
{
    const unsigned char *at = (const unsigned char *)text;
    if (*at < 0x80)
        return *at >= ' ' && *at < 0x7F && *at != '\\';
    int length = utf8_length(*at);
    if (*at < 0xC2 || *at > 0xF4 || (size_t)length > left)
        return 0;
    for (int i = 1; i < length; i++)
        if ((at[i] & 0xC0) != 0x80)
            return 0;
    if (*at == 0xC2 && at[1] < 0xA0) /* C1 controls */
        return 0;
    bool turns = *at == 0xE2 && ((at[1] == 0x80 && at[2] >= 0x8B) || (at[1] == 0x81 && at[2] >= 0xA0));
    bool over = (*at == 0xE0 && at[1] < 0xA0) || (*at == 0xF0 && at[1] < 0x90) || (*at == 0xF4 && at[1] > 0x8F);
    bool surrogate = *at == 0xED && at[1] > 0x9F;
    bool mark = *at == 0xEF && at[1] == 0xBB && at[2] == 0xBF;
    return turns || over || surrogate || mark ? 0 : length;
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

static void print_json_string(FILE *out, const char *text)
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
static void print_result_json(const struct postino_result *result)
{
    printf("\"outcome\": \"%s\"", postino_outcome_name(postino_outcome_of(result)));
    if (postino_outcome_of(result) != POSTINO_ACCEPTED || result->code)
        printf(", \"step\": \"%s\"", postino_step_name((enum postino_step)result->step));
    if (result->code)
        printf(", \"code\": %u", result->code);
    if (result->subject || result->detail ||
        (result->code && result->text && strncmp(result->text + 1, ".0.0", 4) == 0))
        printf(", \"enhanced\": \"%u.%u.%u\"", result->code / 100u, result->subject, result->detail);
    if (result->code && result->text) {
        fputs(", \"text\": ", stdout);
        print_json_string(stdout, result->text);
    }
    if (result->reason != POSTINO_REASON_REPLY)
        printf(", \"reason\": \"%s\"", postino_reason_name((enum postino_reason)result->reason));
}

static void report_json(const struct postino_submission *submission, const struct postino_mail *mail,
                        enum postino_outcome outcome, const char *problem)
{
    printf("{\"outcome\": \"%s\", \"server\": ", postino_outcome_name(outcome));
    print_json_string(stdout, submission->server);
    if (*problem) {
        fputs(", \"problem\": ", stdout);
        print_json_string(stdout, problem);
    }
    fputs(", \"recipients\": [", stdout);
    for (uint32_t i = 0; i < mail->recipient_count; i++) {
        printf("%s{\"address\": ", i ? ", " : "");
        print_json_string(stdout, mail->recipients[i].address);
        fputs(", ", stdout);
        if (outcome == POSTINO_NOT_TRIED)
            fputs("\"outcome\": \"not tried\"", stdout);
        else
            print_result_json(&mail->recipients[i].result);
        putchar('}');
    }
    puts("]}");
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

void postino_report(const struct postino_submission *submission, const struct postino_mail *mail,
                    enum postino_outcome outcome, const char *problem)
{
    if (submission->json)
        report_json(submission, mail, outcome, problem);
    for (uint32_t i = 0; !submission->json && outcome != POSTINO_NOT_TRIED && i < mail->recipient_count; i++)
        if (!submission->quiet || postino_outcome_of(&mail->recipients[i].result) != POSTINO_ACCEPTED)
            print_recipient(submission->quiet ? stderr : stdout, &mail->recipients[i]);
    fflush(stdout);
    if (outcome == POSTINO_ACCEPTED)
        return;
    fprintf(stderr, "%s: ", postino_program);
    postino_print_escaped(stderr, problem, strlen(problem));
    fputc('\n', stderr);
}

int postino_exit_code(enum postino_outcome outcome, const struct postino_mail *mail)
{
    switch (outcome) {
    case POSTINO_ACCEPTED:
        return EX_OK;
    case POSTINO_NOT_TRIED:
        return EX_USAGE;
    case POSTINO_REFUSED_FOR_NOW:
        return EX_TEMPFAIL;
    case POSTINO_REFUSED_FOR_GOOD:
        return mail->result.reason == POSTINO_REASON_NUL || mail->result.reason == POSTINO_REASON_LONG_LINE ||
                       mail->result.reason == POSTINO_REASON_8BIT
                   ? EX_DATAERR
                   : EX_UNAVAILABLE;
    case POSTINO_UNCERTAIN:
        return POSTINO_EX_UNCERTAIN;
    }
    return EX_SOFTWARE;
}
