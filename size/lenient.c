/* Lenient with servers, as a drop-in must be. */
#include "conversation.h"

int main(void)
{
    static const struct postino_config config = {
        .name = "[192.0.2.1]", .extensions = pipelining, .lenient = &postino_lenient};
    return converse(&config, NULL);
}
