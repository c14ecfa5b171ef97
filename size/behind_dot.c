/* The content and the next mail's envelope in one flight. */
#include "conversation.h"

int main(void)
{
    static const struct postino_config config = {
        .name = "[192.0.2.1]", .extensions = pipelining, .behind_dot = &postino_behind_dot};
    return converse(&config, NULL);
}
