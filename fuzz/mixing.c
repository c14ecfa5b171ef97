#include "mixing.h"

#include <stdlib.h>
#include <string.h>

enum {
    MIXING_LEAST = 16 /* octets of a digest */
};

unsigned mixing_calls, mixing_fails_at;

static bool works(void)
{
    return ++mixing_calls != mixing_fails_at;
}

static uint64_t step(uint64_t state, uint64_t word)
{
    state = (state ^ word) * 0x9E3779B97F4A7C15u;
    return state ^ state >> 29;
}

size_t mixing_length(enum postino_hash hash)
{
    return hash == POSTINO_MD5 ? 16 : hash == POSTINO_SHA1 ? 20 : 32;
}

/* What is in `room`: the same comes of it however the octets are split. */
struct mixing {
    uint64_t state, word;
    size_t count; /* octets in `word` */
    uint8_t hash;
    bool open;
};

static void mix(struct mixing *m, const void *octets, size_t length)
{
    const uint8_t *at = octets;
    for (uint64_t word; m->count == 0 && length >= sizeof word; at += sizeof word, length -= sizeof word) {
        memcpy(&word, at, sizeof word);
        m->state = step(m->state, word);
    }
    for (; length; length--) {
        memcpy((uint8_t *)&m->word + m->count++, at++, 1);
        if (m->count == sizeof m->word) {
            m->state = step(m->state, m->word);
            m->word = m->count = 0;
        }
    }
}

static void put_out(const struct mixing *m, uint8_t *digest)
{
    uint64_t state = step(step(m->state, m->word), m->count), words[4];
    for (size_t i = 0; i < 4; i++)
        words[i] = state = step(state, i);
    memcpy(digest, words, mixing_length((enum postino_hash)m->hash));
}

static struct mixing *state_of(struct postino_hmac *hmac)
{
    return (struct mixing *)hmac->room;
}

static bool hmac_begin(struct postino_hmac *hmac, enum postino_hash hash, const void *key, size_t length)
{
    struct mixing *m = state_of(hmac);
    if (m->open)
        abort();
    if (!works())
        return false;
    *m = (struct mixing){length * 31 + hash + 1, 0, 0, (uint8_t)hash, true};
    mix(m, key, length);
    return true;
}

static void hmac_add(struct postino_hmac *hmac, const void *octets, size_t length)
{
    if (!state_of(hmac)->open)
        abort();
    mix(state_of(hmac), octets, length);
}

static bool hmac_end(struct postino_hmac *hmac, uint8_t *digest)
{
    struct mixing *m = state_of(hmac);
    if (!m->open)
        abort();
    put_out(m, digest);
    *m = (struct mixing){.open = false};
    if (works())
        return true;
    memset(digest, 0xEE, MIXING_LEAST);
    return false;
}

static bool digest_of(enum postino_hash hash, const void *octets, size_t length, uint8_t *digest)
{
    struct mixing m = {77u + hash, 0, 0, (uint8_t)hash, true};
    mix(&m, octets, length);
    put_out(&m, digest);
    return works();
}

/* Hi of 5802 2.2. */
static bool stretch(enum postino_hash hash, const char *password, const void *salt, size_t length, uint32_t iterations,
                    uint8_t *digest)
{
    uint8_t round[POSTINO_DIGEST_MAX];
    struct postino_hmac hmac = {{0}};
    unsigned calls = mixing_calls;
    if (strcmp(password, MIXING_PASSWORD) != 0)
        abort();
    for (uint32_t i = 0; i < iterations; i++) {
        mixing_calls = mixing_fails_at; /* only as a whole */
        hmac_begin(&hmac, hash, password, strlen(password));
        hmac_add(&hmac, i ? round : salt, i ? mixing_length(hash) : length);
        if (i == 0)
            hmac_add(&hmac, "\0\0\0\1", 4);
        hmac_end(&hmac, round);
        for (size_t j = 0; j < mixing_length(hash); j++)
            digest[j] = i ? digest[j] ^ round[j] : round[j];
    }
    mixing_calls = calls;
    return works();
}

static bool random_octets(void *octets, size_t length)
{
    memset(octets, 0x5A, length);
    return works();
}

const struct postino_crypto mixing_crypto = {hmac_begin, hmac_add, hmac_end, digest_of, stretch, random_octets};
