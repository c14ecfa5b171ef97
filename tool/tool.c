/* How the program speaks to its user, and what it does when memory is gone. */
#define _GNU_SOURCE
#include "tool.h"

#include <stdlib.h>

const char *postino_program = "postino";

void postino_complain(const char *format, ...)
{
    va_list arguments;
    char *message = NULL;
    va_start(arguments, format);
    int length = vasprintf(&message, format, arguments);
    va_end(arguments);
    fprintf(stderr, "%s: ", postino_program);
    if (length >= 0) { /* what it quotes may come from anywhere */
        postino_print_escaped(stderr, message, (size_t)length);
        free(message);
    } else {
        fputs(format, stderr);
    }
    fputc('\n', stderr);
}

void *postino_grow(void *memory, size_t count, size_t size)
{
    void *grown = count && size > SIZE_MAX / count ? NULL : realloc(memory, count * size);
    if (!grown) {
        postino_complain("no memory is left");
        exit(EX_OSERR);
    }
    return grown;
}
