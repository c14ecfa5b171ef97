/* Commands that ask a server something, instead of a mail. */
#define _GNU_SOURCE
#include "tool.h"

#include <stdlib.h>
#include <string.h>

enum {
    TEXT_SIZE = 12290 /* a list may be long */
};

/* `VRFY bob@example.test` and the like. Returns false where it is no question, having said so. */
static bool understand(struct postino_mail *mail, const char *question)
{
    static const struct {
        const char *verb;
        const struct postino_command *command;
        bool alone;
    } known[] = {{"NOOP", &postino_noop, true},
                 {"VRFY", &postino_vrfy, false},
                 {"EXPN", &postino_expn, false},
                 {"ETRN", &postino_etrn, false}};
    size_t length = strcspn(question, " ");
    const char *argument = question + length + strspn(question + length, " ");
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strlen(known[i].verb) == length && strncasecmp(known[i].verb, question, length) == 0) {
            mail->command = known[i].command;
            mail->argument = *argument ? argument : NULL;
            return *argument || known[i].alone;
        }
    return false;
}

int postino_ask(const struct postino_submission *submission, const char *const *questions, size_t count)
{
    struct postino_courier courier;
    struct postino_mail *mails = postino_grow(NULL, count, sizeof *mails);
    char *texts = postino_grow(NULL, count, TEXT_SIZE);
    memset(mails, 0, count * sizeof *mails);
    for (size_t i = 0; i < count; i++) {
        if (!understand(&mails[i], questions[i]) || postino_mail_check(&mails[i])) {
            postino_complain("--ask: '%s' is none of 'VRFY ADDRESS', 'EXPN LIST', 'ETRN DOMAIN' and 'NOOP'",
                             questions[i]);
            return EX_USAGE;
        }
        mails[i].next = i + 1 < count ? &mails[i + 1] : NULL;
        mails[i].result.text = texts + i * TEXT_SIZE;
        mails[i].result.text_size = TEXT_SIZE;
        mails[i].result.text[0] = '\0';
    }
    int code = postino_courier_open(&courier, submission);
    if (code == EX_OK) {
        enum postino_outcome outcome = postino_courier_deliver(&courier, submission, mails);
        postino_courier_close(&courier);
        postino_report_asked(submission, questions, mails, count, outcome, courier.options.problem);
        code = postino_exit_code(outcome, mails);
    }
    free(mails);
    free(texts);
    return code;
}
