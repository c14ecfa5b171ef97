/* DELIVERBY. */
#include "conversation.h"

#include <postino/parameters.h>

int main(void)
{
    static const struct postino_extension *const extensions[] = {&postino_pipelining, &postino_deliverby, NULL};
    static const struct postino_mail_parameters parameters = {.by = POSTINO_BY_NOTIFY, .by_s = 60};
    static const struct postino_config config = {.name = "[192.0.2.1]", .extensions = extensions};
    mail.parameters = &parameters;
    return converse(&config, NULL);
}
