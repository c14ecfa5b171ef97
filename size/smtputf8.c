/* SMTPUTF8, with addresses of UTF-8. */
#include "conversation.h"

#include <postino/parameters.h>

int main(void)
{
    static const struct postino_extension *const extensions[] = {&postino_pipelining, &postino_smtputf8, NULL};
    static const struct postino_mail_parameters parameters = {.path_valid = postino_utf8_path_valid};
    static const struct postino_config config = {.name = "[192.0.2.1]", .extensions = extensions};
    mail.parameters = &parameters;
    return converse(&config, NULL);
}
