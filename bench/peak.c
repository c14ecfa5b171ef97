/* peak COMMAND [ARGUMENT]...: runs it and prints the largest memory that it ever held, in KiB, on standard error. A
 * program of its own, because the kernel counts what the process held before it became the command: here that is
 * little. */
#define _DEFAULT_SOURCE
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char *argv[])
{
    int status;
    struct rusage usage;
    pid_t child = argc > 1 ? fork() : -1;
    if (child == 0) {
        execvp(argv[1], argv + 1);
        _exit(127);
    }
    if (child < 0 || wait4(child, &status, 0, &usage) != child) {
        fprintf(stderr, "usage: peak COMMAND [ARGUMENT]...\n");
        return 64;
    }
    fprintf(stderr, "peak %ld KiB\n", usage.ru_maxrss);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}
