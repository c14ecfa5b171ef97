/* As many mails and recipients as the server says that it takes. */
#include "conversation.h"

int main(void)
{
    static struct postino_limits limits;
    static const struct postino_extension *const extensions[] = {&postino_pipelining, &postino_limits, NULL};
    static const struct postino_config config = {.name = "[192.0.2.1]", .extensions = extensions, .limits = &limits};
    return converse(&config, NULL);
}
