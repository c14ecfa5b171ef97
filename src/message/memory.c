/* A source over octets in memory. */
#include "internal.h"

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
    uint64_t length = 0, line = 0; /* where the line began */
    uint8_t seen = 0, before = '\n';
    bool canonical = true;
    postino_memory_source_open(memory, octets, size);
    for (size_t i = 0; i < size; i++) {
        const uint8_t octet = memory->octets[i];
        const bool behind_cr = before == '\r';
        seen |= octet;
        before = octet;
        if (octet > '\r' && !behind_cr) {
            length++;
            continue;
        }
        canonical = canonical && octet && behind_cr == (octet == '\n');
        if (octet == '\r' || (octet == '\n' && !behind_cr)) {
            canonical = canonical && length - line <= POSTINO_LINE_MAX;
            length += 2;
            line = length;
        } else if (octet != '\n') {
            length++;
        }
    }
    /* The session ends the last line, too (RFC 5321 4.1.1.4). */
    length += before != '\r' && before != '\n' ? 2 : 0;
    memory->source.length = (size_t)length == length ? (size_t)length : 0;
    memory->source.seven_bit = seen < 0x80;
    memory->source.canonical = canonical && before == '\n';
}
