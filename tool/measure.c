/* A look through a message before it is sent: what the session would refuse in mid-stream is refused before there is a
 * connection, with the number of the line. */
#include "tool.h"

#include <string.h>

enum {
    LINE_MAX_OCTETS = 998
}; /* 5321 4.5.3.1.6 */

struct state {
    struct postino_measure measure;
    uint64_t line;
    size_t column;
    bool after_cr;
};

static void wrong(struct state *state, const char *what)
{
    if (state->measure.bad)
        return;
    state->measure.bad = what;
    state->measure.bad_line = state->line;
}

/* Octets without a line end in them. */
static void look_at(struct state *state, const char *octets, size_t length)
{
    unsigned char bits = 0;
    for (size_t i = 0; i < length; i++)
        bits |= (unsigned char)octets[i];
    if (bits > 0x7F)
        state->measure.seven_bit = false;
    if (memchr(octets, '\0', length))
        wrong(state, "a NUL octet");
    state->column += length;
    state->measure.length += length;
    if (state->column > LINE_MAX_OCTETS)
        wrong(state, "more than 998 octets in a line");
}

static void line_ends(struct state *state)
{
    state->measure.length += 2;
    state->column = 0;
    state->line++;
}

static void take(struct state *state, const char *octets, size_t length)
{
    const char *end = octets + length;
    while (octets < end) {
        if (state->after_cr && *octets == '\n')
            octets++;
        state->after_cr = false;
        const char *stop = octets;
        while (stop < end && *stop != '\n' && *stop != '\r')
            stop++;
        look_at(state, octets, (size_t)(stop - octets));
        if (stop == end)
            return;
        state->after_cr = *stop == '\r';
        line_ends(state);
        octets = stop + 1;
    }
}

struct postino_measure postino_measure_source(struct postino_source *source)
{
    static char buffer[65536];
    struct state state = {.measure = {.seven_bit = true}, .line = 1};
    ptrdiff_t got;
    while ((got = source->read(source, buffer, sizeof buffer)) > 0)
        take(&state, buffer, (size_t)got);
    if (state.column)
        state.measure.length += 2;
    state.measure.failed = got != POSTINO_SOURCE_END || !source->rewind(source);
    return state.measure;
}
