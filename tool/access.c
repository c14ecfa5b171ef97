/* Who we are and whom we trust: options, the environment, and secrets, which never come as arguments. */
#define _GNU_SOURCE
#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

enum {
    SECRET_SIZE = 16384
};

void postino_access_from_environment(struct postino_access *access)
{
    access->password_file = getenv("POSTINO_PASSWORD_FILE");
    access->password_command = getenv("POSTINO_PASSWORD_COMMAND");
    access->token_command = getenv("POSTINO_TOKEN_COMMAND");
    access->tls.ca_file = getenv("POSTINO_CA_FILE");
}

void postino_access_pin(struct postino_access *access, const char *pin)
{
    access->pins = postino_grow(access->pins, access->pin_count + 2, sizeof *access->pins);
    access->pins[access->pin_count++] = pin;
    access->pins[access->pin_count] = NULL;
    access->tls.pins = access->pins;
}

/* Memory that is in no core file, and not written to disk where that can be had. */
static char *secret_memory(void)
{
    const struct rlimit none = {0, 0};
    char *memory = mmap(NULL, SECRET_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return NULL;
    setrlimit(RLIMIT_CORE, &none);
    madvise(memory, SECRET_SIZE, MADV_DONTDUMP);
    mlock(memory, SECRET_SIZE);
    return memory;
}

void postino_secret_free(char *secret)
{
    if (!secret)
        return;
    postino_wipe(secret, SECRET_SIZE);
    munmap(secret, SECRET_SIZE);
}

/* The first line, without its end. Returns NULL, or what is wrong. */
static const char *read_line(int fd, char *secret)
{
    size_t length = 0;
    while (length < SECRET_SIZE - 1) {
        ssize_t got = read(fd, secret + length, SECRET_SIZE - 1 - length);
        if (got < 0 && errno == EINTR && !postino_interrupted)
            continue;
        if (got < 0)
            return postino_interrupted ? "interrupted" : strerror(errno);
        if (got == 0)
            break;
        length += (size_t)got;
    }
    const char *end = memchr(secret, '\n', length);
    size_t line = end ? (size_t)(end - secret) : length;
    if (line && secret[line - 1] == '\r')
        line--;
    if (memchr(secret, '\0', line))
        return "it holds a NUL";
    if (line == 0)
        return "it is empty";
    postino_wipe(secret + line, SECRET_SIZE - line);
    return length == SECRET_SIZE - 1 && !end ? "it is too long" : NULL;
}

static const char *from_file(const char *path, char *secret)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0 || fstat(fd, &status) != 0)
        return strerror(errno);
    const char *problem = NULL;
    if (status.st_mode & (S_IRGRP | S_IROTH))
        problem = "others can read it, so it is not used: chmod 600 it";
    else
        problem = read_line(fd, secret);
    close(fd);
    return problem;
}

static const char *from_command(const char *command, char *secret)
{
    int ends[2], status = 0;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return strerror(errno);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    const char *problem = child < 0 ? strerror(errno) : read_line(ends[0], secret);
    close(ends[0]);
    if (child > 0 && postino_interrupted)
        kill(child, SIGTERM);
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    if (child > 0 && status != 0)
        return "the command failed";
    return problem;
}

/* Taken out of the environment, so that nothing we start inherits it. */
static const char *from_variable(const char *name, char *secret)
{
    char *value = getenv(name);
    const char *problem = NULL;
    if (!value)
        return "it is not set";
    size_t length = strlen(value);
    if (length == 0 || length >= SECRET_SIZE)
        problem = length ? "it is too long" : "it is empty";
    else
        memcpy(secret, value, length);
    postino_wipe(value, length);
    unsetenv(name);
    return problem;
}

static const char *from_terminal(const char *user, char *secret)
{
    struct termios before, silent;
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (fd < 0 || tcgetattr(fd, &before) != 0)
        return "there is none; give --password-file, --password-command, --password-env, or a terminal to ask on";
    silent = before;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    silent.c_cc[VQUIT] = silent.c_cc[VSUSP] = _POSIX_VDISABLE; /* nothing ends or stops us without an echo */
    tcsetattr(fd, TCSAFLUSH, &silent);
    dprintf(fd, "Password of %s: ", user);
    ssize_t length = read(fd, secret, SECRET_SIZE - 1);
    tcsetattr(fd, TCSAFLUSH, &before);
    if (write(fd, "\n", 1) < 0 || length < 0 || postino_interrupted) {
        close(fd);
        return postino_interrupted ? "interrupted" : strerror(errno);
    }
    close(fd);
    while (length && (secret[length - 1] == '\n' || secret[length - 1] == '\r'))
        secret[--length] = '\0';
    return length ? NULL : "it is empty";
}

static bool complain(const char *what, const char *where, const char *problem)
{
    postino_complain("%s%s%s: %s", what, *where ? " " : "", where, problem);
    return false;
}

static bool fetch(const struct postino_access *access, const char *user, char *secret)
{
    const char *problem;
    if (access->token_command) {
        problem = from_command(access->token_command, secret);
        return !problem || complain("--token-command", access->token_command, problem);
    }
    if (access->password_variable) {
        problem = from_variable(access->password_variable, secret);
        return !problem || complain("--password-env", access->password_variable, problem);
    }
    if (access->password_file) {
        problem = from_file(access->password_file, secret);
        return !problem || complain("--password-file", access->password_file, problem);
    }
    if (access->password_command) {
        problem = from_command(access->password_command, secret);
        return !problem || complain("--password-command", access->password_command, problem);
    }
    problem = from_terminal(user, secret);
    return !problem || complain("the password of", user, problem);
}

static bool needs_no_secret(const char *mechanisms)
{
    static const char *const without[] = {"EXTERNAL", "ANONYMOUS", "GSSAPI"};
    for (size_t i = 0; mechanisms && i < sizeof without / sizeof *without; i++)
        if (strcasecmp(mechanisms, without[i]) == 0)
            return true;
    return false;
}

bool postino_access_open(const struct postino_access *access, const char *server, struct postino_send_options *options,
                         char **secret)
{
    struct postino_url url;
    const char *user = access->user;
    *secret = NULL;
    options->user = access->user;
    options->mechanisms = access->mechanisms;
    options->tls = access->tls;
    if (!user && !postino_url_parse(&url, server) && *url.user)
        user = url.user;
    if (!user || needs_no_secret(access->mechanisms))
        return true;
    *secret = secret_memory();
    if (!*secret) {
        postino_complain("no memory is left for the password");
        return false;
    }
    if (!fetch(access, user, *secret)) {
        postino_secret_free(*secret);
        *secret = NULL;
        return false;
    }
    if (access->token_command)
        options->token = *secret;
    else
        options->password = *secret;
    options->wipe = *secret;
    return true;
}
