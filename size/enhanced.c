/* Enhanced status codes, read out of the texts of replies. */
#include "conversation.h"

static char text[128];

int main(void)
{
    static const struct postino_config config = {.name = "[192.0.2.1]",
                                                 .extensions = pipelining,
                                                 .text = text,
                                                 .text_size = sizeof text,
                                                 .enhanced = &postino_enhanced};
    return converse(&config, NULL);
}
