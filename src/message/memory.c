/* A source over octets in memory. */
#include "postino/message.h"

#include <string.h>

static ptrdiff_t memory_read(struct postino_source *source, void *buffer, size_t size)
{
    struct postino_memory_source *memory = (struct postino_memory_source *)source;
    size_t left = memory->size - memory->at, length = left < size ? left : size;
    if (length)
        memcpy(buffer, memory->octets + memory->at, length);
    memory->at += length;
    return (ptrdiff_t)length;
}

static bool memory_rewind(struct postino_source *source)
{
    ((struct postino_memory_source *)source)->at = 0;
    return true;
}

void postino_memory_source_open(struct postino_memory_source *memory, const void *octets, size_t size)
{
    memset(memory, 0, sizeof *memory);
    memory->source.read = memory_read;
    memory->source.rewind = memory_rewind;
    memory->source.length = size;
    memory->octets = octets;
    memory->size = size;
}

void postino_memory_source_open_message(struct postino_memory_source *memory, const void *octets, size_t size)
{
    uint64_t length = 0;
    uint8_t seen = 0, before = '\n';
    postino_memory_source_open(memory, octets, size);
    for (size_t i = 0; i < size; i++) {
        uint8_t octet = memory->octets[i];
        seen |= octet;
        if (octet == '\r' || (octet == '\n' && before != '\r'))
            length += 2;
        else if (octet != '\n')
            length++;
        before = octet;
    }
    /* The session ends the last line, too (RFC 5321 4.1.1.4). */
    length += before != '\r' && before != '\n' ? 2 : 0;
    memory->source.length = (size_t)length == length ? (size_t)length : 0;
    memory->source.seven_bit = seen < 0x80;
}
