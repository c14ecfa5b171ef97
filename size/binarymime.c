/* BINARYMIME, besides CHUNKING, which it needs. */
#include "conversation.h"

int main(void)
{
    static const struct postino_extension *const extensions[] = {&postino_pipelining, &postino_chunking,
                                                                 &postino_binarymime, NULL};
    static const struct postino_config config = {.name = "[192.0.2.1]", .extensions = extensions};
    return converse(&config, NULL);
}
