/*
 * SCRAM (5802, 7677): both sides prove that they know the password, and neither says it.
 *
 * Three responses: client-first; client-final with our proof, which answers server-first; and an empty line, which
 * answers server-final with the proof of the server. Texts are rendered again wherever they are needed: what is sent in
 * base64 is what the signatures are of, and nothing is kept but server-first, where it came in, and the digests.
 */
#include "internal.h"

enum {
    ITERATIONS_MIN = 4096, /* 7677 4 */
    ITERATIONS_MAX = 100000,
    SLICE = 64,
    NONCE_OCTETS = 18,
    SALT_MAX = 64,
    WINDOW = 64
};

struct scram {
    struct postino_challenged challenged; /* first */
    enum postino_hash hash;
    uint8_t length; /* of a digest */
    bool plus;
};

typedef void render(const struct postino_sasl *sasl, struct postino_writer *w);

static const struct scram *scram_of(const struct postino_sasl *sasl)
{
    return (const struct scram *)sasl->chosen->challenged;
}

static void put_base64(struct postino_writer *w, const void *octets, size_t length)
{
    struct postino_response base64 = {w, POSTINO_RESPONSE_EMPTY};
    for (const char *at = octets; length--; at++)
        postino_response_put(&base64, *at);
    postino_response_end(&base64);
}

static void put_saslname(struct postino_writer *w, const char *name)
{
    for (; *name; name++) {
        const char *escaped = postino_saslname_escape(*name);
        if (escaped)
            postino_command_put(w, escaped);
        else
            postino_command_put_octet(w, *name);
    }
}

/* gs2-header: "y" says that we would have bound it and the server did not offer to, so that it finds out where somebody
 * took the offer out (5802 6). */
static void put_gs2_header(const struct postino_sasl *sasl, struct postino_writer *w)
{
    const char *type = sasl->work->binding.type;
    if (scram_of(sasl)->plus) {
        postino_command_put(w, "p=");
        postino_command_put(w, type);
    } else {
        postino_command_put(w, type && sasl->plus_missing ? "y" : "n");
    }
    postino_command_put(w, ",");
    if (sasl->identity) {
        postino_command_put(w, "a=");
        put_saslname(w, sasl->identity);
    }
    postino_command_put(w, ",");
}

static void put_client_first_bare(const struct postino_sasl *sasl, struct postino_writer *w)
{
    postino_command_put(w, "n=");
    put_saslname(w, sasl->user);
    postino_command_put(w, ",r=");
    postino_command_put(w, sasl->work->nonce);
}

static void put_client_first(const struct postino_sasl *sasl, struct postino_writer *w)
{
    put_gs2_header(sasl, w);
    put_client_first_bare(sasl, w);
}

static void put_binding_input(const struct postino_sasl *sasl, struct postino_writer *w)
{
    const struct postino_binding *binding = &sasl->work->binding;
    put_gs2_header(sasl, w);
    for (size_t i = 0; scram_of(sasl)->plus && i < binding->length; i++)
        postino_command_put_octet(w, (char)binding->octets[i]);
}

/* Renders a text window by window, so that it needs no room of its own, into base64 or into an HMAC. */
static void pour(const struct postino_sasl *sasl, render *text, struct postino_response *base64,
                 struct postino_hmac *hmac)
{
    struct postino_writer w = {NULL, 0, 0, 0, false};
    char window[WINDOW];
    do {
        w = (struct postino_writer){window, sizeof window, w.from, 0, false};
        text(sasl, &w);
        size_t length = w.length - w.from < sizeof window ? w.length - w.from : sizeof window;
        for (size_t i = 0; base64 && i < length; i++)
            postino_response_put(base64, window[i]);
        if (hmac)
            sasl->work->crypto->hmac_add(hmac, window, length);
        w.from += length;
    } while (w.from < w.length);
}

static void put_final_without_proof(const struct postino_sasl *sasl, struct postino_writer *w)
{
    struct postino_response base64 = {w, POSTINO_RESPONSE_EMPTY};
    postino_command_put(w, "c=");
    pour(sasl, put_binding_input, &base64, NULL);
    postino_response_end(&base64);
    postino_command_put(w, ",");
    for (const char *at = sasl->work->challenge; *at != ','; at++) /* r=, both nonces */
        postino_command_put_octet(w, *at);
}

static void put_auth_message(const struct postino_sasl *sasl, struct postino_writer *w)
{
    put_client_first_bare(sasl, w);
    postino_command_put(w, ",");
    postino_command_put(w, sasl->work->challenge);
    postino_command_put(w, ",");
    put_final_without_proof(sasl, w);
}

static void put_client_final(const struct postino_sasl *sasl, struct postino_writer *w)
{
    put_final_without_proof(sasl, w);
    postino_command_put(w, ",p=");
    put_base64(w, sasl->work->proof, scram_of(sasl)->length);
}

static void respond(const struct postino_sasl *sasl, unsigned round, struct postino_response *response)
{
    if (round < 2)
        pour(sasl, round == 0 ? put_client_first : put_client_final, response, NULL);
}

static bool ready(struct postino_session *s)
{
    struct postino_sasl_work *work = s->config->sasl->work;
    char octets[NONCE_OCTETS];
    struct postino_writer w;
    if (!work || !work->crypto->random(octets, sizeof octets))
        return false;
    w = (struct postino_writer){work->nonce, sizeof work->nonce - 1, 0, 0, false};
    put_base64(&w, octets, sizeof octets);
    work->nonce[w.length] = '\0';
    work->proved = false;
    return true;
}

static bool ready_plus(struct postino_session *s)
{
    const struct postino_sasl_work *work = s->config->sasl->work;
    return work && work->binding.type && ready(s);
}

/* Of `text`, or of AuthMessage where that is NULL. */
static bool hmac_of(const struct postino_sasl *sasl, const uint8_t *key, const char *text, uint8_t *digest)
{
    const struct postino_crypto *crypto = sasl->work->crypto;
    struct postino_hmac *hmac = &sasl->work->hmac;
    if (!crypto->hmac_begin(hmac, scram_of(sasl)->hash, key, scram_of(sasl)->length))
        return false;
    if (text)
        crypto->hmac_add(hmac, text, strlen(text));
    else
        pour(sasl, put_auth_message, NULL, hmac);
    return crypto->hmac_end(hmac, digest);
}

/* 5802 3, once SaltedPassword is there. */
static bool sign(const struct postino_sasl *sasl)
{
    struct postino_sasl_work *work = sasl->work;
    const struct scram *scram = scram_of(sasl);
    uint8_t *client_key = work->round, *server_key = work->salted, *stored_key = work->signature;
    bool done = hmac_of(sasl, work->salted, "Client Key", client_key) &&
                hmac_of(sasl, work->salted, "Server Key", server_key) &&
                work->crypto->digest(scram->hash, client_key, scram->length, stored_key) &&
                hmac_of(sasl, stored_key, NULL, work->proof) && hmac_of(sasl, server_key, NULL, work->signature);
    for (size_t i = 0; i < scram->length; i++)
        work->proof[i] ^= client_key[i];
    postino_wipe(work->salted, sizeof work->salted);
    postino_wipe(work->round, sizeof work->round);
    return done;
}

/* U1 of 5802 2.2, and SaltedPassword so far. */
static bool begin_stretching(const struct postino_sasl *sasl, const char *salt, size_t length)
{
    static const uint8_t one[] = {0, 0, 0, 1};
    struct postino_sasl_work *work = sasl->work;
    const struct postino_crypto *crypto = work->crypto;
    struct postino_hmac *hmac = &work->hmac;
    if (!crypto->hmac_begin(hmac, scram_of(sasl)->hash, sasl->password, strlen(sasl->password)))
        return false;
    crypto->hmac_add(hmac, salt, length);
    crypto->hmac_add(hmac, one, sizeof one);
    bool done = crypto->hmac_end(hmac, work->round);
    memcpy(work->salted, work->round, sizeof work->salted);
    work->iterations--;
    return done;
}

static bool stretch_once(const struct postino_sasl *sasl)
{
    struct postino_sasl_work *work = sasl->work;
    const struct postino_crypto *crypto = work->crypto;
    struct postino_hmac *hmac = &work->hmac;
    if (!crypto->hmac_begin(hmac, scram_of(sasl)->hash, sasl->password, strlen(sasl->password)))
        return false;
    crypto->hmac_add(hmac, work->round, scram_of(sasl)->length);
    bool done = crypto->hmac_end(hmac, work->round);
    for (size_t i = 0; i < scram_of(sasl)->length; i++)
        work->salted[i] ^= work->round[i];
    return done;
}

static bool works(struct postino_session *s)
{
    struct postino_sasl *sasl = s->config->sasl;
    struct postino_sasl_work *work = sasl->work;
    for (uint32_t left = work->slice ? work->slice : SLICE; left && work->iterations; left--, work->iterations--)
        if (!stretch_once(sasl))
            sasl->round = POSTINO_AUTH_CANCELLED;
    if (work->iterations)
        return false;
    if (!sign(sasl))
        sasl->round = POSTINO_AUTH_CANCELLED;
    return true;
}

/* Decimal, without a sign or leading zeros, up to the end of the text; 0 for what is not that, or too much. */
static uint32_t iterations_of(const struct postino_sasl_work *work, const char *text)
{
    uint32_t most = work->iterations_max ? work->iterations_max : ITERATIONS_MAX, number = 0;
    if (*text == '0')
        return 0;
    for (; *text; text++) {
        uint32_t digit = (uint32_t)(unsigned char)*text - '0';
        if (digit > 9 || number > most / 10)
            return 0;
        number = number * 10 + digit;
    }
    return number < ITERATIONS_MIN || number > most ? 0 : number;
}

/* Copies the salt out, since server-first is to stay as it is. Returns its length, or -1. */
static ptrdiff_t salt_of(char *salt, const char *text, size_t length)
{
    if (length == 0 || length > (SALT_MAX + 2) / 3 * 4)
        return -1;
    memcpy(salt, text, length);
    salt[length] = '\0';
    return postino_challenge_decode(salt);
}

/* server-first: "r=" our nonce and theirs ",s=" salt ",i=" iterations; an extension that must be understood ("m=", or
 * anything behind) is not (5802 5.1). */
static bool hear_first(struct postino_session *s)
{
    struct postino_sasl *sasl = s->config->sasl;
    struct postino_sasl_work *work = sasl->work;
    char salt[(SALT_MAX + 2) / 3 * 4 + 1];
    size_t length, nonce = strlen(work->nonce);
    const char *text = postino_challenge_of(s, &length);
    if (!text || strlen(text) != length || strncmp(text, "r=", 2) != 0 || strncmp(text + 2, work->nonce, nonce) != 0)
        return false;
    const char *at = text + 2 + nonce, *end = strchr(at, ',');
    if (!end || end == at || strncmp(end, ",s=", 3) != 0)
        return false;
    at = end + 3;
    end = strchr(at, ',');
    ptrdiff_t salt_length = end ? salt_of(salt, at, (size_t)(end - at)) : -1;
    if (salt_length < 0 || strncmp(end, ",i=", 3) != 0 || (work->iterations = iterations_of(work, end + 3)) == 0)
        return false;
    work->challenge = text;
    if (work->crypto->stretch) {
        bool done = work->crypto->stretch(scram_of(sasl)->hash, sasl->password, salt, (size_t)salt_length,
                                          work->iterations, work->salted);
        return done && sign(sasl);
    }
    s->held = POSTINO_NEED_TIME;
    return begin_stretching(sasl, salt, (size_t)salt_length);
}

/* server-final: "v=" and the server's signature, compared in a time that does not tell where they differ. */
static bool hear_final(struct postino_session *s)
{
    struct postino_sasl_work *work = s->config->sasl->work;
    size_t expected = scram_of(s->config->sasl)->length, length;
    char *text = postino_challenge_of(s, &length);
    uint8_t difference = 0;
    if (!text || strncmp(text, "v=", 2) != 0 || postino_challenge_decode(text + 2) != (ptrdiff_t)expected)
        return false;
    for (size_t i = 0; i < expected; i++)
        difference |= (uint8_t)(work->signature[i] ^ (uint8_t)text[2 + i]);
    work->proved = difference == 0;
    return work->proved;
}

static bool heard(struct postino_session *s, unsigned round)
{
    if (s->code != 334)
        return s->config->sasl->work->proved;
    if (round == 0)
        return true;
    return round == 1 ? hear_first(s) : hear_final(s);
}

enum {
    SHA1_LENGTH = 20,
    SHA256_LENGTH = 32
};

static const struct scram sha1 = {{ready, heard, works}, POSTINO_SHA1, SHA1_LENGTH, false};
static const struct scram sha256 = {{ready, heard, works}, POSTINO_SHA256, SHA256_LENGTH, false};
static const struct scram sha1_plus = {{ready_plus, heard, works}, POSTINO_SHA1, SHA1_LENGTH, true};
static const struct scram sha256_plus = {{ready_plus, heard, works}, POSTINO_SHA256, SHA256_LENGTH, true};

const struct postino_mechanism postino_scram_sha1 = {"SCRAM-SHA-1", 3, true, respond, &sha1.challenged};
const struct postino_mechanism postino_scram_sha256 = {"SCRAM-SHA-256", 3, true, respond, &sha256.challenged};
const struct postino_mechanism postino_scram_sha1_plus = {"SCRAM-SHA-1-PLUS", 3, true, respond, &sha1_plus.challenged};
const struct postino_mechanism postino_scram_sha256_plus = {"SCRAM-SHA-256-PLUS", 3, true, respond,
                                                            &sha256_plus.challenged};
