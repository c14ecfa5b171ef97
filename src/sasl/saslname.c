/* Names in a text where commas and equals signs have a meaning (5801 4). */
#include "internal.h"

const char *postino_saslname_escape(char octet)
{
    if (octet == ',')
        return "=2C";
    return octet == '=' ? "=3D" : NULL;
}
