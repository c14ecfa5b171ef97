/* What most providers ask for: STARTTLS, then PLAIN or LOGIN. */
#include "conversation.h"
#include <postino/sasl.h>

int main(void)
{
    static const struct postino_mechanism *const mechanisms[] = {&postino_plain, &postino_login, NULL};
    static struct postino_sasl sasl = {.mechanisms = mechanisms, .user = "ada", .password = "secret"};
    static const struct postino_config config = {.name = "[192.0.2.1]",
                                                 .extensions = pipelining,
                                                 .opening = {&postino_starttls_required, &postino_auth_basic},
                                                 .sasl = &sasl};
    return converse(&config, postino_session_secured);
}
