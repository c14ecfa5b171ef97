/* 8BITMIME and SIZE, and a message that exists, for servers without. */
#include "conversation.h"
#include <postino/message.h>

int main(void)
{
    static const struct postino_extension *const extensions[] = {&postino_pipelining, &postino_8bitmime, &postino_size,
                                                                 NULL};
    static const struct postino_config config = {.name = "[192.0.2.1]", .extensions = extensions};
    static struct postino_downgrade downgrade;
    postino_downgrade_open(&downgrade, &content);
    mail.source = &downgrade.source;
    return converse(&config, NULL);
}
