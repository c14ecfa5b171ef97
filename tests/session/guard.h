/* Octets that end at an unreadable page: a read or a write behind the last one is a fault. */
#ifndef POSTINO_TESTS_GUARD_H
#define POSTINO_TESTS_GUARD_H

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* The last `length` octets (up to 1 MiB) in front of the page. */
static char *guarded(size_t length)
{
    static char *end;
    if (!end) {
        size_t page = (size_t)sysconf(_SC_PAGESIZE), room = 1u << 20;
        char *start = mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (start == MAP_FAILED || mprotect(start + room, page, PROT_NONE) != 0)
            abort();
        end = start + room;
    }
    return end - length;
}

#endif
