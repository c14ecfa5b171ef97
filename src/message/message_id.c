/* Message-ID from randomness (RFC 5322 3.6.4). */
#include "internal.h"

bool postino_message_id(char *buffer, size_t size, const uint8_t randomness[POSTINO_MESSAGE_RANDOMNESS],
                        const char *domain)
{
    size_t length = strlen(domain), at = 0;
    if (postino_domain(domain, domain + length) != domain + length || !postino_ascii(domain))
        return false;
    if (size < 2 * POSTINO_MESSAGE_RANDOMNESS + 2 + length)
        return false;
    for (size_t i = 0; i < POSTINO_MESSAGE_RANDOMNESS; i++) {
        buffer[at++] = "0123456789abcdef"[randomness[i] >> 4];
        buffer[at++] = "0123456789abcdef"[randomness[i] & 15];
    }
    buffer[at++] = '@';
    memcpy(buffer + at, domain, length + 1);
    return true;
}
