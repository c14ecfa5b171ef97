/* A trace that sees every line of the conversation. */
#include "conversation.h"

__attribute__((noipa)) static void show(struct postino_trace *trace, enum postino_direction direction, const char *line,
                                        size_t length)
{
    (void)trace;
    (void)direction;
    (void)line;
    (void)length;
}

int main(void)
{
    static char lines[256];
    static struct postino_trace trace;
    static const struct postino_config config = {.name = "[192.0.2.1]", .extensions = pipelining, .trace = &trace};
    postino_trace_init(&trace, lines, sizeof lines, show);
    return converse(&config, NULL);
}
