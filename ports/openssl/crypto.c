/* Hashes for mechanisms of authentication. */
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <postino/openssl.h>
#include <string.h>

static const EVP_MD *hash_of(enum postino_hash hash)
{
    switch (hash) {
    case POSTINO_MD5:
        return EVP_md5();
    case POSTINO_SHA1:
        return EVP_sha1();
    case POSTINO_SHA256:
        return EVP_sha256();
    }
    return NULL;
}

static EVP_MAC_CTX **context_of(struct postino_hmac *hmac)
{
    return (EVP_MAC_CTX **)hmac->room;
}

static bool hmac_begin(struct postino_hmac *hmac, enum postino_hash hash, const void *key, size_t key_length)
{
    OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string("digest", (char *)EVP_MD_get0_name(hash_of(hash)), 0),
                               OSSL_PARAM_END};
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *context = mac ? EVP_MAC_CTX_new(mac) : NULL;
    EVP_MAC_free(mac);
    *context_of(hmac) = context;
    if (context && EVP_MAC_init(context, key, key_length, parameters) == 1)
        return true;
    EVP_MAC_CTX_free(context);
    return false;
}

static void hmac_add(struct postino_hmac *hmac, const void *octets, size_t length)
{
    EVP_MAC_update(*context_of(hmac), octets, length);
}

static bool hmac_end(struct postino_hmac *hmac, uint8_t *digest)
{
    size_t length;
    bool done = EVP_MAC_final(*context_of(hmac), digest, &length, POSTINO_DIGEST_MAX) == 1;
    EVP_MAC_CTX_free(*context_of(hmac));
    return done;
}

static bool digest_of(enum postino_hash hash, const void *octets, size_t length, uint8_t *digest)
{
    return EVP_Digest(octets, length, digest, NULL, hash_of(hash), NULL) == 1;
}

static bool stretch(enum postino_hash hash, const char *password, const void *salt, size_t salt_length,
                    uint32_t iterations, uint8_t *digest)
{
    const EVP_MD *md = hash_of(hash);
    return PKCS5_PBKDF2_HMAC(password, (int)strlen(password), salt, (int)salt_length, (int)iterations, md,
                             EVP_MD_get_size(md), digest) == 1;
}

static bool random_octets(void *octets, size_t length)
{
    return RAND_bytes(octets, (int)length) == 1;
}

const struct postino_crypto postino_openssl_crypto = {hmac_begin, hmac_add, hmac_end,
                                                      digest_of,  stretch,  random_octets};
