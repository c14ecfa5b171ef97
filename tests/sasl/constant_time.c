/*
 * Time tells nothing of secrets (attacks 203). Run under valgrind, to which secrets are memory that was never written:
 * it complains of each branch and each index that depends on such memory. What comes out is made known again before it
 * is looked at.
 *
 * Not looked at: where a password ends. It is text that ends with NUL, and whoever copies it asks of each octet whether
 * it is that; so lengths are given here, and what is tested is what becomes of an octet. That a server's signature was
 * wrong is no secret either, but where is one.
 */
#include "../../fuzz/mixing.h"
#include "../../src/sasl/internal.h"
#include "check.h"

#include <valgrind/memcheck.h>

enum {
    LENGTH = 32 /* of a digest */
};

static void hide(void *memory, size_t size)
{
    (void)VALGRIND_MAKE_MEM_UNDEFINED(memory, size);
}

static void show(void *memory, size_t size)
{
    (void)VALGRIND_MAKE_MEM_DEFINED(memory, size);
}

/* Something of it. */
static bool is_hidden(const void *memory, size_t size)
{
    unsigned char bits[256] = {0};
    bool hidden = false;
    CHECK(size <= sizeof bits && VALGRIND_GET_VBITS(memory, bits, size) == 1);
    for (size_t i = 0; i < size; i++)
        hidden = hidden || bits[i];
    return hidden;
}

/* The complaints since it was last asked. */
static unsigned complaints(void)
{
    static unsigned before;
    unsigned all = VALGRIND_COUNT_ERRORS, news = all - before;
    before = all;
    return news;
}

/* Else nothing here would mean anything. */
static void a_branch_is_complained_of(void)
{
    volatile char secret = 'x';
    volatile int seen = 0;
    printf("# one complaint is wanted:\n");
    fflush(stdout);
    CHECK(RUNNING_ON_VALGRIND);
    hide((void *)&secret, 1);
    if (secret == 'x')
        seen = 1;
    CHECK_NUMBER(seen, 1);
    CHECK_NUMBER(complaints(), 1);
}

static void base64_does_not_look_at_octets(void)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char secret[48], known[64];
    for (int i = 0; i < 16; i++) { /* each digit once */
        secret[i * 3] = (char)(i << 4 | (i * 4 + 1) >> 4);
        secret[i * 3 + 1] = (char)((i * 4 + 1) << 4 | (i * 4 + 2) >> 2);
        secret[i * 3 + 2] = (char)((i * 4 + 2) << 6 | (i * 4 + 3));
    }
    for (size_t length = 0; length <= sizeof secret; length++) {
        struct postino_writer writer = {known, sizeof known, 0, 0, false};
        struct postino_response response = {&writer, POSTINO_RESPONSE_EMPTY};
        char octets[sizeof secret];
        memcpy(octets, secret, sizeof octets);
        hide(octets, sizeof octets);
        for (size_t i = 0; i < length; i++)
            postino_response_put(&response, octets[i]);
        postino_response_end(&response);
        CHECK_NUMBER(complaints(), 0);
        show(known, sizeof known);
        CHECK_NUMBER(writer.length, (length + 2) / 3 * 4);
        CHECK(memcmp(known, digits, length / 3 * 4) == 0);
    }
}

/* Digests are secrets, and all that comes of them. */
static bool hmac_end(struct postino_hmac *hmac, uint8_t *digest)
{
    bool done = mixing_crypto.hmac_end(hmac, digest);
    hide(digest, LENGTH);
    return done;
}

static char text[512];
static struct postino_crypto crypto;
static struct postino_sasl_work work;
static struct postino_sasl sasl;
static struct postino_config config;
static struct postino_session session;

static void put_base64(char *to, const char *octets, size_t length)
{
    struct postino_writer writer = {to, 400, 0, 0, false};
    struct postino_response response = {&writer, POSTINO_RESPONSE_EMPTY};
    for (size_t i = 0; i < length; i++)
        postino_response_put(&response, octets[i]);
    postino_response_end(&response);
    to[writer.length] = '\0';
}

static bool hear(const char *challenge, unsigned round)
{
    put_base64(text, challenge, strlen(challenge));
    session.code = 334;
    bool heard = sasl.chosen->challenged->heard(&session, round);
    show(&heard, sizeof heard);
    return heard;
}

static void begin_with(const struct postino_mechanism *mechanism, bool secrets)
{
    crypto = mixing_crypto;
    crypto.stretch = NULL;
    if (secrets)
        crypto.hmac_end = hmac_end;
    work = (struct postino_sasl_work){.crypto = &crypto, .slice = 5000};
    sasl = (struct postino_sasl){.user = "u", .password = "p", .work = &work, .chosen = mechanism};
    config = (struct postino_config){.text = text, .text_size = sizeof text, .sasl = &sasl};
    session = (struct postino_session){.config = &config};
    mixing_calls = 0;
    CHECK(sasl.chosen->challenged->ready(&session));
}

/* Up to where the proof is there, with secrets or without. */
static void begin(bool secrets)
{
    char first[128];
    begin_with(&postino_scram_sha256, secrets);
    snprintf(first, sizeof first, "r=%srest,s=c2FsdA==,i=4096", work.nonce);
    CHECK(hear(first, 1));
    CHECK(sasl.chosen->challenged->works(&session));
}

static void respond(char *to, size_t size, unsigned round)
{
    struct postino_writer writer = {to, size, 0, 0, false};
    postino_auth_put_response(&sasl, round, &writer);
    to[writer.length < size ? writer.length : size - 1] = '\0';
}

static void proofs_are_made_without_looking(void)
{
    char known[256], hidden[256];
    begin(false);
    respond(known, sizeof known, 1);
    CHECK_NUMBER(complaints(), 0);
    begin(true);
    respond(hidden, sizeof hidden, 1);
    CHECK_NUMBER(complaints(), 0);
    CHECK(is_hidden(hidden, strlen(known))); /* all the way */
    show(hidden, sizeof hidden);
    CHECK_TEXT(hidden, known);
}

/* Wherever it differs. */
static void signatures_are_compared_without_looking(void)
{
    char final[128] = "v=";
    for (int wrong = -1; wrong < LENGTH; wrong++) {
        char signature[LENGTH];
        begin(false);
        memcpy(signature, work.signature, sizeof signature);
        if (wrong >= 0)
            signature[wrong] ^= 1;
        put_base64(final + 2, signature, sizeof signature);
        hide(work.signature, sizeof work.signature);
        bool right = hear(final, 2);
        CHECK_NUMBER(complaints(), 0);
        CHECK_NUMBER(right, wrong < 0);
    }
}

static void digests_are_written_without_looking(void)
{
    char known[64], hidden[64];
    begin_with(&postino_cram_md5, false);
    CHECK(hear("<1@x.test>", 0));
    respond(known, sizeof known, 0);
    begin_with(&postino_cram_md5, true);
    CHECK(hear("<1@x.test>", 0));
    respond(hidden, sizeof hidden, 0);
    CHECK_NUMBER(complaints(), 0);
    CHECK(is_hidden(hidden, strlen(known)));
    show(hidden, sizeof hidden);
    CHECK_TEXT(hidden, known);
}

int main(void)
{
    RUN(a_branch_is_complained_of);
    RUN(base64_does_not_look_at_octets);
    RUN(proofs_are_made_without_looking);
    RUN(signatures_are_compared_without_looking);
    RUN(digests_are_written_without_looking);
    return CHECK_EXIT();
}
