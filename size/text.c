/* The reference, with a message composed from a text. */
#include "conversation.h"
#include <postino/message.h>

int main(void)
{
    static const struct postino_mailbox from = {"Ada", "ada@example.test"}, to = {NULL, "bob@example.test"};
    static struct postino_memory_source text;
    static struct postino_message_source composed;
    static const struct postino_message message = {
        .from = {&from, 1}, .to = {&to, 1}, .subject = "Temperature", .text = &text.source};
    static const struct postino_config config = {.name = "[192.0.2.1]", .extensions = pipelining};
    postino_memory_source_open(&text, "21\n", 3);
    if (postino_message_open(&composed, &message))
        return POSTINO_NOT_TRIED;
    mail.source = &composed.source;
    return converse(&config, NULL);
}
