/* Every extension that there is: those that change what is said, and those that the application may want to know of. */
#include "internal.h"

#include <postino/parameters.h>

static const struct postino_extension enhanced = {
    {"ENHANCEDSTATUSCODES", POSTINO_OFFERS_ENHANCEDSTATUSCODES, NULL}, NULL, NULL};
static const struct postino_extension auth = {{"AUTH", POSTINO_OFFERS_AUTH, NULL}, NULL, NULL};

const struct postino_extension *const postino_extensions[] = {
    &postino_pipelining,
    &postino_8bitmime,
    &postino_size,
    &enhanced,
    &postino_chunking,
    &postino_binarymime,
    &postino_smtputf8,
    &postino_dsn,
    &postino_deliverby,
    &postino_mt_priority,
    &postino_futurerelease,
    &postino_requiretls,
    &postino_limits, /* counts the mails that nothing before it refused */
    &postino_pipeconnect,
    &auth,
    NULL,
};
