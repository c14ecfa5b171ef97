/* Decimal numbers in commands and in the EHLO reply. */
#include "internal.h"

void postino_command_put_number(struct postino_writer *w, size_t number)
{
    char digits[21];
    char *at = digits + sizeof digits - 1;
    *at = '\0';
    do {
        *--at = (char)('0' + (int)(number % 10));
        number /= 10;
    } while (number);
    postino_command_put(w, at);
}

uint32_t postino_ehlo_number(const struct postino_session *s)
{
    uint32_t number = 0;
    const char *at = s->word;
    for (; *at >= '0' && *at <= '9' && number < UINT32_MAX / 10; at++)
        number = number * 10 + (uint32_t)(*at - '0');
    return *at ? 0 : number;
}
