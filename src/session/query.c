/* NOOP, VRFY and EXPN (5321 3.5), ETRN (1985): a command stands in the queue in the place of a mail. */
#include "internal.h"

/* 5321 4.5.3.1.4 bounds a command line by 512 octets. */
enum {
    ARGUMENT_MAX = 500
};

static bool valid(const struct postino_mail *mail)
{
    size_t length = 0;
    const char *at = mail->argument ? mail->argument : "";
    for (; at[length]; length++)
        if (at[length] < ' ' || at[length] > '~')
            return false;
    return length <= ARGUMENT_MAX && (length || mail->command == &postino_noop);
}

static void render(const struct postino_session *s, struct postino_writer *w)
{
    const struct postino_mail *mail = s->spoken.mail;
    postino_command_put(w, mail->command->verb);
    if (mail->argument) {
        postino_command_put(w, " ");
        postino_command_put(w, mail->argument);
    }
}

const struct postino_command postino_noop = {valid, render, "NOOP"};
const struct postino_command postino_vrfy = {valid, render, "VRFY"};
const struct postino_command postino_expn = {valid, render, "EXPN"};
const struct postino_command postino_etrn = {valid, render, "ETRN"};
