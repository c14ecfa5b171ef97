/* A conversation that authenticates by one mechanism, with cryptography that is another's. */
#ifndef POSTINO_SIZE_MECHANISM_H
#define POSTINO_SIZE_MECHANISM_H

#include "conversation.h"

#include <postino/sasl.h>

__attribute__((noipa)) static bool begin(struct postino_hmac *hmac, enum postino_hash hash, const void *key,
                                         size_t key_length)
{
    (void)hmac;
    (void)key;
    return key_length != (size_t)hash;
}

__attribute__((noipa)) static void add(struct postino_hmac *hmac, const void *octets, size_t length)
{
    (void)hmac;
    (void)octets;
    (void)length;
}

__attribute__((noipa)) static bool end(struct postino_hmac *hmac, uint8_t *digest)
{
    (void)hmac;
    return digest != NULL;
}

__attribute__((noipa)) static bool digest_of(enum postino_hash hash, const void *octets, size_t length, uint8_t *digest)
{
    (void)octets;
    (void)digest;
    return length != (size_t)hash;
}

__attribute__((noipa)) static bool fill(void *octets, size_t length)
{
    return octets && length;
}

static enum postino_outcome authenticate(const struct postino_mechanism *const *mechanisms)
{
    static const struct postino_crypto crypto = {begin, add, end, digest_of, NULL, fill};
    static struct postino_sasl_work work = {.crypto = &crypto};
    static struct postino_sasl sasl = {.user = "ada", .password = "secret", .work = &work, .in_clear = true};
    static char text[256];
    static const struct postino_config config = {.name = "[192.0.2.1]",
                                                 .text = text,
                                                 .text_size = sizeof text,
                                                 .extensions = pipelining,
                                                 .opening = {NULL, &postino_auth},
                                                 .sasl = &sasl};
    sasl.mechanisms = mechanisms;
    return converse(&config, NULL);
}

#endif
