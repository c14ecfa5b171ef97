/* Standard input kept in a file without a name, so that it can be looked through before anything is sent. */
#define _GNU_SOURCE
#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Reads over the line "From SENDER DATE" that stands before a message in a mailbox (4155) and is no part of it. Returns
 * false where the first line is another; then its beginning may have been copied already. */
static bool skip_from_line(FILE *from, FILE *to)
{
    static const char word[] = "From ";
    size_t same = 0;
    int octet;
    while ((octet = getc_unlocked(from)) == word[same])
        if (++same == sizeof word - 1) {
            do
                octet = getc_unlocked(from);
            while (octet != EOF && octet != '\n');
            return true;
        }
    ungetc(octet, from);
    fwrite(word, 1, same, to);
    return same == 0;
}

/* Copies until the end, or until a line that is a lone dot. Returns false with errno set. */
static bool copy(FILE *from, FILE *to, bool dot_ends, bool in_line)
{
    enum {
        LINE_START,
        AFTER_DOT,
        IN_LINE
    } state = in_line ? IN_LINE : LINE_START;
    int octet;
    while (!ferror(to) && (octet = getc_unlocked(from)) != EOF) {
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
    return !ferror(from) && !ferror(to) && fflush(to) == 0 && !postino_interrupted;
}

bool postino_spool_open(struct postino_file_source *file, const char *path, enum postino_spool_as as)
{
    FILE *from = stdin;
    if (strcmp(path, "-") != 0) {
        if (!postino_file_source_open(file, path))
            return false;
        if (file->regular)
            return true;
        from = fdopen(file->fd, "r"); /* a pipe or a device: what it gives, it gives once */
    }
    FILE *spool = from ? tmpfile() : NULL;
    if (!spool)
        return false;
    fcntl(fileno(spool), F_SETFD, FD_CLOEXEC);
    bool in_line = as != POSTINO_SPOOL_FILE && !skip_from_line(from, spool);
    if (!copy(from, spool, as == POSTINO_SPOOL_MAIL_TO_DOT, in_line))
        return false;
    if (from != stdin)
        fclose(from);
    memset(file, 0, sizeof *file);
    char name[64];
    snprintf(name, sizeof name, "/proc/self/fd/%d", fileno(spool));
    return postino_file_source_open(file, name);
}
