#define _GNU_SOURCE
#include "sink_auth.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

char *postino_sink_base64(const void *octets, size_t length, size_t *encoded)
{
    char *text = malloc((length + 2) / 3 * 4 + 1);

    if (!text)
        return NULL;
    *encoded = (size_t)EVP_EncodeBlock((unsigned char *)text, octets, (int)length);
    return text;
}

/* Decodes four octets into three; false where one is not of the alphabet. */
static bool sink_quantum(const char *text, unsigned char *octets)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t bits = 0;

    for (int i = 0; i < 4; i++) {
        const char *found = memchr(alphabet, text[i], 64);

        if (!found)
            return false;
        bits = bits << 6 | (uint32_t)(found - alphabet);
    }
    octets[0] = (unsigned char)(bits >> 16);
    octets[1] = (unsigned char)(bits >> 8);
    octets[2] = (unsigned char)bits;
    return true;
}

/* The last four octets, of which up to two are padding; the bits that padding leaves over are zero (RFC 4648 3.5).
 * Octets decoded; 0 where it is none. */
static size_t sink_last_quantum(const char *text, unsigned char *octets)
{
    char whole[4];
    unsigned char three[3];
    size_t padding = text[3] != '=' ? 0 : text[2] != '=' ? 1 : 2;

    memcpy(whole, text, 4);
    memset(whole + 4 - padding, 'A', padding);
    if (!sink_quantum(whole, three))
        return 0;
    for (size_t i = 3 - padding; i < 3; i++) {
        if (three[i] != 0)
            return 0;
    }
    memcpy(octets, three, 3 - padding);
    return 3 - padding;
}

char *postino_sink_base64_decode(struct postino_sink_text text, size_t *decoded)
{
    char *octets = malloc(text.length / 4 * 3 + 1);
    unsigned char *to = (unsigned char *)octets;
    size_t at = 0, last = 0;

    if (!octets)
        return NULL;
    while (at + 4 < text.length && sink_quantum(text.text + at, to)) {
        at += 4;
        to += 3;
    }
    if (at + 4 == text.length)
        last = sink_last_quantum(text.text + at, to);
    if (last == 0 && text.length > 0) {
        free(octets);
        return NULL;
    }
    to[last] = '\0';
    *decoded = (size_t)(to - (unsigned char *)octets) + last;
    return octets;
}
