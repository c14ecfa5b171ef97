/* LMTP: one final reply for each recipient. */
#include "conversation.h"

int main(void)
{
    static const struct postino_config config = {
        .name = "[192.0.2.1]", .extensions = pipelining, .lmtp = &postino_lmtp};
    return converse(&config, NULL);
}
