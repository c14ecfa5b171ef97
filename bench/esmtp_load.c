/* esmtp_load HOST PORT MAILS SIZE PER_CONNECTION: as load.c, by libesmtp, over one connection at a time. */
#define _GNU_SOURCE
#include "peer_load.h"

#include <err.h>
#include <libesmtp.h>
#include <stdlib.h>
#include <sysexits.h>

/* One connection with so many mails. Returns how many were accepted. */
static size_t send_mails(const char *server, char *content, size_t mails)
{
    size_t accepted = 0;
    smtp_session_t session = smtp_create_session();
    smtp_message_t *messages = calloc(mails, sizeof *messages);
    if (!session || !messages || !smtp_set_server(session, server))
        errx(EX_SOFTWARE, "no session");
    for (size_t i = 0; i < mails; i++) {
        messages[i] = smtp_add_message(session);
        smtp_set_reverse_path(messages[i], "ada@example.test");
        smtp_add_recipient(messages[i], "bob@example.test");
        smtp_set_message_str(messages[i], content);
    }
    if (smtp_start_session(session))
        for (size_t i = 0; i < mails; i++)
            accepted += smtp_message_transfer_status(messages[i])->code == 250;
    smtp_destroy_session(session);
    free(messages);
    return accepted;
}

int main(int argc, char **argv)
{
    struct peer_load load = peer_load_begin(argc, argv);
    char server[300];
    snprintf(server, sizeof server, "%s:%s", argv[1], argv[2]);
    while (load.sent < load.mails) {
        size_t mails = peer_load_next(&load);
        load.accepted += send_mails(server, load.content, mails);
        load.sent += mails;
    }
    return peer_load_end(&load);
}
