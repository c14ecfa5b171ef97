/* Helpers of the message tests: sources that are read in given ways, and memory that ends at a guard page. */
#ifndef POSTINO_TESTS_READING_H
#define POSTINO_TESTS_READING_H

#include "postino/message.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const size_t reading_sizes[] = {1, 2, 7, 64, 127, 128, 129, 4096};
#define READING_SIZES (sizeof reading_sizes / sizeof reading_sizes[0])

/* Copies octets so that the first one behind them cannot be read. Never freed: tests are short. */
static inline char *guarded(const void *octets, size_t length)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), whole = (length + page - 1) / page * page + page;
    char *memory = mmap(NULL, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED || mprotect(memory + whole - page, page, PROT_NONE))
        abort();
    char *begin = memory + whole - page - length;
    if (length)
        memcpy(begin, octets, length);
    return begin;
}

struct reading {
    char *octets; /* with a NUL behind them */
    size_t length;
    bool failed;
};

/* Reads all of a source with buffers of `size`; each ends where its memory ends, so that a sanitizer sees overruns. */
static inline struct reading read_all(struct postino_source *source, size_t size)
{
    struct reading reading = {malloc(1), 0, false};
    char *buffer = malloc(size);
    size_t room = 1, idle = 0;
    for (;;) {
        ptrdiff_t got = source->read(source, buffer, size);
        if (got == POSTINO_SOURCE_NOT_YET && idle++ < 1000000)
            continue;
        reading.failed = got < 0 || (size_t)got > size;
        if (got <= 0 || reading.failed)
            break;
        while (reading.length + (size_t)got + 1 > room)
            reading.octets = realloc(reading.octets, room *= 2);
        memcpy(reading.octets + reading.length, buffer, (size_t)got);
        reading.length += (size_t)got;
    }
    reading.octets[reading.length] = 0;
    free(buffer);
    return reading;
}

/* A source that gives its octets in portions, and can be made to stumble. */
struct portions {
    struct postino_source source;
    const char *octets;
    size_t length;
    size_t at;
    size_t portion;
    bool hesitates; /* says "not yet" before each portion */
    bool waits;
    bool fails; /* at the end */
};

static inline ptrdiff_t portions_read(struct postino_source *source, void *buffer, size_t size)
{
    struct portions *portions = (struct portions *)source;
    portions->waits = !portions->waits;
    if (portions->hesitates && portions->waits)
        return POSTINO_SOURCE_NOT_YET;
    size_t length = portions->length - portions->at;
    length = length < portions->portion ? length : portions->portion;
    length = length < size ? length : size;
    if (!length && portions->fails)
        return POSTINO_SOURCE_FAILED;
    memcpy(buffer, portions->octets + portions->at, length);
    portions->at += length;
    return (ptrdiff_t)length;
}

static inline struct portions portions_of(const char *octets, size_t length, size_t portion)
{
    struct portions portions;
    memset(&portions, 0, sizeof portions);
    portions.source.read = portions_read;
    portions.octets = octets;
    portions.length = length;
    portions.portion = portion;
    return portions;
}

#endif
