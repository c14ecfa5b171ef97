/* Standard input kept in a file without a name, so that it can be looked through before anything is sent. */
#define _GNU_SOURCE
#include "tool.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Copies until the end, or until a line that is a lone dot. Returns false with errno set. */
static bool copy(FILE *from, FILE *to, bool dot_ends)
{
    enum {
        LINE_START,
        AFTER_DOT,
        IN_LINE
    } state = LINE_START;
    int octet;
    while ((octet = getc_unlocked(from)) != EOF) {
        if (dot_ends && state == LINE_START && octet == '.') {
            state = AFTER_DOT;
            continue;
        }
        if (state == AFTER_DOT) {
            if (octet == '\n')
                break;
            if (octet == '\r') {
                octet = getc_unlocked(from);
                if (octet == '\n' || octet == EOF)
                    break;
                fputs(".\r", to);
            } else {
                putc_unlocked('.', to);
            }
        }
        state = octet == '\n' ? LINE_START : IN_LINE;
        putc_unlocked(octet, to);
    }
    if (ferror(from) || postino_interrupted) {
        errno = postino_interrupted ? EINTR : EIO;
        return false;
    }
    return fflush(to) == 0 && !ferror(to);
}

bool postino_spool_open(struct postino_file_source *file, const char *path, bool dot_ends)
{
    if (strcmp(path, "-") != 0) {
        if (!postino_file_source_open(file, path))
            return false;
        if (file->source.rewind)
            return true;
        postino_file_source_close(file); /* a pipe or a device */
    }
    FILE *from = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    FILE *spool = from ? tmpfile() : NULL;
    if (!spool || !copy(from, spool, dot_ends))
        return false;
    if (from != stdin)
        fclose(from);
    memset(file, 0, sizeof *file);
    char name[64];
    snprintf(name, sizeof name, "/proc/self/fd/%d", fileno(spool));
    return postino_file_source_open(file, name);
}
