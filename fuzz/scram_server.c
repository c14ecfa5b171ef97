#include "scram_server.h"

#include <string.h>

static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void text_clear(struct text *text)
{
    text->length = 0;
    text->octets[0] = '\0';
}

void text_add(struct text *text, const void *octets, size_t length)
{
    if (length > TEXT_MOST - text->length)
        length = TEXT_MOST - text->length;
    memcpy(text->octets + text->length, octets, length);
    text->length += length;
    text->octets[text->length] = '\0';
}

void text_put(struct text *text, const char *more)
{
    text_add(text, more, strlen(more));
}

void text_add_base64(struct text *text, const void *octets, size_t length)
{
    const uint8_t *at = octets;
    for (; length; length -= length < 3 ? length : 3, at += 3) {
        unsigned bits = (unsigned)at[0] << 16 | (length > 1 ? at[1] : 0u) << 8 | (length > 2 ? at[2] : 0u);
        char digits[4] = {base64_digits[bits >> 18], base64_digits[bits >> 12 & 63],
                          length > 1 ? base64_digits[bits >> 6 & 63] : '=',
                          length > 2 ? base64_digits[bits & 63] : '='};
        text_add(text, digits, 4);
    }
}

bool text_decode(struct text *to, const char *text, size_t length)
{
    static struct text again;
    text_clear(&again);
    text_clear(to);
    if (length % 4)
        return false;
    for (size_t i = 0; i < length; i += 4) {
        unsigned bits = 0;
        for (size_t j = 0; j < 4; j++) {
            const char *digit = text[i + j] ? strchr(base64_digits, text[i + j]) : NULL;
            bits = bits << 6 | (digit ? (unsigned)(digit - base64_digits) : 0);
        }
        size_t octets = text[i + 3] != '=' ? 3 : text[i + 2] != '=' ? 2 : 1;
        text_add(to, (char[]){(char)(bits >> 16), (char)(bits >> 8), (char)bits}, octets);
    }
    text_add_base64(&again, to->octets, to->length);
    return again.length == length && memcmp(again.octets, text, length) == 0;
}

bool scram_server_first_is_sound(struct scram_server *s)
{
    const char *text = s->first.octets, *end = text + s->first.length;
    const char *theirs = text + 2 + s->nonce.length;
    if (strlen(text) != s->first.length || s->first.length < 2 + s->nonce.length || memcmp(text, "r=", 2) != 0 ||
        memcmp(text + 2, s->nonce.octets, s->nonce.length) != 0)
        return false;
    const char *salt = strstr(theirs, ","), *iterations = salt ? strstr(salt + 1, ",") : NULL;
    if (!iterations || salt == theirs || memcmp(salt, ",s=", 3) != 0 || end - iterations < 4 || end - iterations > 10 ||
        memcmp(iterations, ",i=", 3) != 0 || iterations - salt - 3 < 4 || iterations - salt - 3 > 88)
        return false;
    s->iterations = 0;
    for (const char *at = iterations + 3; at < end; at++) {
        if (*at < '0' || *at > '9')
            return false;
        s->iterations = s->iterations * 10 + (uint32_t)(*at - '0');
    }
    return iterations[3] != '0' && s->iterations >= 4096 && s->iterations <= s->iterations_max &&
           text_decode(&s->salt, salt + 3, (size_t)(iterations - salt) - 3);
}

static void hmac_of(const struct scram_server *s, const uint8_t *key, const char *text, size_t length, uint8_t *digest)
{
    struct postino_hmac hmac = {{0}};
    mixing_crypto.hmac_begin(&hmac, s->hash, key, mixing_length(s->hash));
    mixing_crypto.hmac_add(&hmac, text, length);
    mixing_crypto.hmac_end(&hmac, digest);
}

/* Once for all plays of an input, and for those like it. */
static const uint8_t *salted_password(const struct scram_server *s)
{
    static struct scram_server last;
    static uint8_t salted[POSTINO_DIGEST_MAX];
    if (last.iterations != s->iterations || last.hash != s->hash || last.salt.length != s->salt.length ||
        memcmp(last.salt.octets, s->salt.octets, s->salt.length) != 0) {
        mixing_crypto.stretch(s->hash, MIXING_PASSWORD, s->salt.octets, s->salt.length, s->iterations, salted);
        last.iterations = s->iterations;
        last.hash = s->hash;
        text_clear(&last.salt);
        text_add(&last.salt, s->salt.octets, s->salt.length);
    }
    return salted;
}

void scram_server_without_proof(const struct scram_server *s, struct text *text)
{
    text_put(text, "c=");
    text_add_base64(text, s->binding.octets, s->binding.length);
    text_add(text, ",", 1);
    text_add(text, s->first.octets, strcspn(s->first.octets, ","));
}

void scram_server_sign(struct scram_server *s)
{
    static struct text message;
    uint8_t key[POSTINO_DIGEST_MAX], stored[POSTINO_DIGEST_MAX];
    unsigned calls = mixing_calls, fails_at = mixing_fails_at;
    mixing_fails_at = 0;
    text_clear(&message);
    text_add(&message, s->bare.octets, s->bare.length);
    text_put(&message, ",");
    text_add(&message, s->first.octets, s->first.length);
    text_put(&message, ",");
    scram_server_without_proof(s, &message);
    mixing_calls = 1;
    const uint8_t *salted = salted_password(s);
    hmac_of(s, salted, "Client Key", 10, key);
    mixing_crypto.digest(s->hash, key, mixing_length(s->hash), stored);
    hmac_of(s, stored, message.octets, message.length, s->proof);
    for (size_t i = 0; i < mixing_length(s->hash); i++)
        s->proof[i] ^= key[i];
    hmac_of(s, salted, "Server Key", 10, key);
    hmac_of(s, key, message.octets, message.length, s->signature);
    mixing_calls = calls;
    mixing_fails_at = fails_at;
}

bool scram_server_final_is_right(const struct scram_server *s, const struct text *text)
{
    static struct text due;
    text_clear(&due);
    text_put(&due, "v=");
    text_add_base64(&due, s->signature, mixing_length(s->hash));
    return strcmp(text->octets, due.octets) == 0;
}
