/*
 * Any message, downgraded: the same octets at any size of buffer and any portions, as many as were promised, each line
 * ended by CR LF; and where nothing declares 8bit, the lines that came in. The first two octets say size and portion.
 */
#include <postino/message.h>

#include <stdlib.h>
#include <string.h>
#include <strings.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    MOST = 1 << 12,
    GROWN = 4 * MOST
};

struct fuzzed {
    struct postino_source source;
    const uint8_t *octets;
    size_t length, at, portion;
};

static uint8_t first[GROWN], second[GROWN];

static void demand(bool holds)
{
    if (!holds)
        abort();
}

static ptrdiff_t read_fuzzed(struct postino_source *source, void *buffer, size_t size)
{
    struct fuzzed *self = (struct fuzzed *)source;
    size_t length = self->length - self->at;
    length = length < self->portion ? length : self->portion;
    length = length < size ? length : size;
    memcpy(buffer, self->octets + self->at, length);
    self->at += length;
    return (ptrdiff_t)length;
}

static bool rewind_fuzzed(struct postino_source *source)
{
    ((struct fuzzed *)source)->at = 0;
    return true;
}

static size_t downgraded(const uint8_t *octets, size_t length, size_t portion, size_t size, uint8_t *out)
{
    struct fuzzed inner = {{.read = read_fuzzed, .rewind = rewind_fuzzed}, octets, length, 0, portion};
    struct postino_downgrade downgrade;
    size_t written = 0;
    ptrdiff_t got;
    uint8_t *buffer = malloc(size); /* of that size, for a sanitizer to guard */
    postino_downgrade_open(&downgrade, &inner.source);
    demand(buffer && downgrade.source.prepare(&downgrade.source, 0));
    while ((got = downgrade.source.read(&downgrade.source, buffer, size)) > 0) {
        demand((size_t)got <= size && written + (size_t)got <= GROWN);
        memcpy(out + written, buffer, (size_t)got);
        written += (size_t)got;
    }
    free(buffer);
    demand(got == POSTINO_SOURCE_END && written == downgrade.source.length);
    return written;
}

static bool declares(const uint8_t *octets, size_t length)
{
    for (size_t i = 0; i + 4 <= length; i++)
        if (strncasecmp((const char *)octets + i, "8bit", 4) == 0)
            return true;
    return false;
}

/* Each line end as CR LF, and one at the end. */
static size_t lines(const uint8_t *octets, size_t length, uint8_t *out)
{
    size_t written = 0;
    for (size_t i = 0; i < length; i++) {
        if (octets[i] == '\n' && i && octets[i - 1] == '\r')
            continue;
        bool ends = octets[i] == '\r' || octets[i] == '\n';
        if (ends) {
            memcpy(out + written, "\r\n", 2);
            written += 2;
        } else {
            out[written++] = octets[i];
        }
    }
    if (length && octets[length - 1] != '\r' && octets[length - 1] != '\n') {
        memcpy(out + written, "\r\n", 2);
        written += 2;
    }
    return written;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > MOST)
        return 0;
    size_t room = (size_t)data[0] * 16 + 1, portion = (size_t)data[1] * 4 + 1;
    data += 2;
    size -= 2;
    size_t length = downgraded(data, size, portion, room, first);
    demand(downgraded(data, size, MOST, GROWN, second) == length && memcmp(first, second, length) == 0);
    demand(!length || (length >= 2 && memcmp(first + length - 2, "\r\n", 2) == 0));
    if (!declares(data, size))
        demand(lines(data, size, second) == length && memcmp(first, second, length) == 0);
    return 0;
}
