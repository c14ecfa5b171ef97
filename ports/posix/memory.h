/* What is known of servers, kept in a file. */
#ifndef POSTINO_PORTS_POSIX_MEMORY_H
#define POSTINO_PORTS_POSIX_MEMORY_H

#include <postino/posix.h>

struct postino_posix_memory {
    struct postino_memory memory;
    const struct postino_posix *posix;
    const char *path;
};

void postino_posix_memory_init(struct postino_posix_memory *memory, const struct postino_posix *posix,
                               const char *path);

/* Returns NULL, or what is wrong with the file. One that is not there yet is right. */
const char *postino_posix_memory_check(const char *path);

#endif
