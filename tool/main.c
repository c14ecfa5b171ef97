/* The command: which of its faces was called. */
#define _GNU_SOURCE
#include "sink.h"
#include "tool.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#ifndef POSTINO_VERSION
#define POSTINO_VERSION "unknown"
#endif

static const char help[] =
    "usage: postino COMMAND [OPTION]...\n"
    "\n"
    "  send      compose a mail, or take one as it is, and deliver it\n"
    "  sendmail  stand in for sendmail(8): a message on standard input\n"
    "  sink      a server for tests: takes mail, stores it, misbehaves on demand\n"
    "\n"
    "  postino COMMAND --help tells more; postino --version tells which one this is.\n"
    "\n"
    "The server is a URL, from --server or the environment variable POSTINO_SERVER, else smtp://localhost:\n"
    "  smtp://HOST[:PORT]   lmtp://HOST:PORT   lmtp:///PATH/OF/SOCKET   smtp+notls://HOST[:PORT]\n";

/* Standard descriptors that are closed stay useless, but no socket or file gets their numbers. */
static void keep_standard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(int argc, char **argv);
    } commands[] = {
        {"send", postino_send_main},
        {"sendmail", postino_sendmail_main},
        {"sink", postino_sink_main},
    };
    const char *called = argc ? strrchr(argv[0], '/') : NULL;
    called = called ? called + 1 : argc ? argv[0] : "postino";
    keep_standard_descriptors();
    signal(SIGPIPE, SIG_IGN);
    if (strcmp(called, "sendmail") == 0) {
        return postino_sendmail_main(argc, argv);
    }
    if (argc < 2) {
        fputs(help, stderr);
        return EX_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0)
        return fputs(help, stdout) < 0 ? EX_IOERR : EX_OK;
    if (strcmp(argv[1], "--version") == 0)
        return puts("postino " POSTINO_VERSION) < 0 ? EX_IOERR : EX_OK;
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    postino_complain("there is no command '%s'; postino --help lists them", argv[1]);
    return EX_USAGE;
}
