/* What old clients bore, for those who stand in for them. */
#include "internal.h"

static bool skips(const struct postino_session *s, char octet)
{
    (void)s;
    return octet == '\0' || octet == ' ';
}

static bool bears(enum postino_reason reason)
{
    return reason != POSTINO_REASON_NUL;
}

const struct postino_lenient postino_lenient = {skips, bears};
