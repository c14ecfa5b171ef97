/* The reference: one mail to several recipients, DATA, PIPELINING. */
#include "conversation.h"

int main(void)
{
    static const struct postino_config config = {.name = "[192.0.2.1]", .extensions = pipelining};
    return converse(&config, NULL);
}
