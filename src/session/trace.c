/* Whole lines for a reader, in the caller's buffer: one half for what is heard, one for what is spoken. */
#include "internal.h"

static void heard(struct postino_trace *trace, char octet)
{
    size_t half = trace->size / 2;
    if (octet != '\n') {
        if (trace->length < half)
            trace->buffer[trace->length] = octet;
        trace->length++;
        return;
    }
    size_t length = trace->length < half ? trace->length : half;
    if (length && length == trace->length && trace->buffer[length - 1] == '\r')
        length--;
    trace->length = 0;
    trace->line(trace, POSTINO_FROM_SERVER, trace->buffer, length);
}

static void spoken(struct postino_trace *trace, const struct postino_session *s)
{
    size_t half = trace->size / 2;
    struct postino_writer writer = {trace->buffer + half, half, 0, 0, true};
    postino_command_render(s, &writer);
    size_t length = writer.length - 2; /* without its CR LF */
    size_t skip = s->spoken.step == POSTINO_STEP_CONTENT && s->column ? 2 : 0;
    if (length > half)
        length = half;
    if (skip > length)
        skip = length;
    trace->line(trace, POSTINO_TO_SERVER, writer.buffer + skip, length - skip);
}

void postino_trace_init(struct postino_trace *trace, void *buffer, size_t size,
                        void (*line)(struct postino_trace *, enum postino_direction, const char *, size_t))
{
    trace->line = line;
    trace->buffer = buffer;
    trace->size = size;
    trace->heard = heard;
    trace->spoken = spoken;
    trace->length = 0;
}
