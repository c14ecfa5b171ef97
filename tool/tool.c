/* How the program speaks to its user, and what it does when memory is gone. */
#define _GNU_SOURCE
#include "tool.h"

#include <stdlib.h>

const char *postino_program = "postino";

void postino_complain(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "%s: ", postino_program);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
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
