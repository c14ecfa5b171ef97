/*
 * Cryptography that mechanisms of authentication need (2104, 8018): a port fills it in. A port without a hash lets
 * the call fail, and the mechanisms that need it are not used.
 *
 * One struct serves any number of sessions in one thread. Nothing is kept from call to call but what `struct
 * postino_hmac` holds between hmac_begin and hmac_end, which come in pairs; hmac_end leaves no secret behind.
 */
#ifndef POSTINO_CRYPTO_H
#define POSTINO_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum postino_hash {
    POSTINO_MD5,
    POSTINO_SHA1,
    POSTINO_SHA256
};

/* Octets of a digest: 16, 20 and 32. */
#define POSTINO_DIGEST_MAX 32

/* Room for the port's own state, or for a pointer to it. */
struct postino_hmac {
    uint64_t room[56];
};

struct postino_crypto {
    bool (*hmac_begin)(struct postino_hmac *hmac, enum postino_hash hash, const void *key, size_t key_length);
    void (*hmac_add)(struct postino_hmac *hmac, const void *octets, size_t length);
    bool (*hmac_end)(struct postino_hmac *hmac, uint8_t *digest);

    bool (*digest)(enum postino_hash hash, const void *octets, size_t length, uint8_t *digest);

    /* Hi of 5802 2.2, which is PBKDF2 of one block, in one go. NULL: it is made of HMACs, in slices. */
    bool (*stretch)(enum postino_hash hash, const char *password, const void *salt, size_t salt_length,
                    uint32_t iterations, uint8_t *digest);

    bool (*random)(void *octets, size_t length);
};

/* Overwrites `size` octets at `memory`; no compiler leaves that out. */
void postino_wipe(void *memory, size_t size);

#ifdef __cplusplus
}
#endif

#endif
