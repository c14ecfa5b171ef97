/* Every extension that there is: SIZE besides. */
#include "conversation.h"

int main(void)
{
    static const struct postino_config config = {.name = "[192.0.2.1]", .extensions = postino_extensions};
    return converse(&config, NULL);
}
