/* The content by BDAT, and whole mails in flight. */
#include "conversation.h"

int main(void)
{
    static const struct postino_extension *const extensions[] = {&postino_pipelining, &postino_chunking, NULL};
    static const struct postino_config config = {.name = "[192.0.2.1]", .extensions = extensions};
    return converse(&config, NULL);
}
