/* DSN: what reports a mail asks for. */
#include "conversation.h"

#include <postino/parameters.h>

int main(void)
{
    static const struct postino_extension *const extensions[] = {&postino_pipelining, &postino_dsn, NULL};
    static const struct postino_mail_parameters parameters = {.envelope_id = "id"};
    static const struct postino_config config = {.name = "[192.0.2.1]", .extensions = extensions};
    mail.parameters = &parameters;
    return converse(&config, NULL);
}
