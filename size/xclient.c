/* XCLIENT, or no mail. */
#include "conversation.h"

int main(void)
{
    static const struct postino_config config = {.name = "[192.0.2.1]",
                                                 .extensions = pipelining,
                                                 .opening = {&postino_xclient},
                                                 .xclient = "NAME=bench.example.test"};
    return converse(&config, NULL);
}
