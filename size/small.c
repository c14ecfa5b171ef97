/* The reference, with a message of the smallest composer and an attachment. */
#include "conversation.h"
#include <postino/message.h>

int main(void)
{
    static struct postino_small_message message = {.from = "boiler@example.test",
                                                   .to = "operator@example.test",
                                                   .subject = "Temperature",
                                                   .message_id = "1@example.test",
                                                   .text = "21\n",
                                                   .attachment = &content,
                                                   .filename = "log.csv",
                                                   .type = "text/csv"};
    static const struct postino_config config = {.name = "[192.0.2.1]", .extensions = pipelining};
    if (!postino_small_message_open(&message))
        return POSTINO_NOT_TRIED;
    mail.source = &message.source;
    return converse(&config, NULL);
}
