/* VRFY as a command between mails. */
#include "conversation.h"

int main(void)
{
    static const struct postino_config config = {.name = "[192.0.2.1]", .extensions = pipelining};
    mail.command = &postino_vrfy;
    mail.argument = "ada";
    return converse(&config, NULL);
}
