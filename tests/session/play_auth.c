#define _POSIX_C_SOURCE 200809L
#include "play_auth.h"

#include <postino/openssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    const struct postino_mechanism *mechanism;
} known[] = {
    {"PLAIN", &postino_plain},
    {"LOGIN", &postino_login},
    {"EXTERNAL", &postino_external},
    {"ANONYMOUS", &postino_anonymous},
    {"XOAUTH2", &postino_xoauth2},
    {"OAUTHBEARER", &postino_oauthbearer},
    {"CRAM-MD5", &postino_cram_md5},
    {"SCRAM-SHA-1", &postino_scram_sha1},
    {"SCRAM-SHA-256", &postino_scram_sha256},
    {"SCRAM-SHA-1-PLUS", &postino_scram_sha1_plus},
    {"SCRAM-SHA-256-PLUS", &postino_scram_sha256_plus},
    {"GSSAPI", &postino_gssapi},
    {"NTLM", &postino_ntlm},
    {"DIGEST-MD5", &postino_digest_md5},
};

static const struct postino_mechanism *find(const char *name)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i].name, name) == 0)
            return known[i].mechanism;
    printf("# no mechanism %s\n", name);
    abort();
}

static void read_mechanisms(struct script_auth *auth, const char *names)
{
    char *copy = strdup(names), *save = NULL;
    int count = 0;
    for (char *at = strtok_r(copy, " ", &save); at && count < MECHANISMS_MAX; at = strtok_r(NULL, " ", &save))
        auth->mechanisms[count++] = find(at);
    free(copy);
}

static void read_binding(struct postino_binding *binding, const char *text)
{
    const char *digits = strchr(text, ' ');
    binding->type = strncmp(text, "tls-exporter", 12) == 0 ? "tls-exporter" : "tls-server-end-point";
    for (const char *at = digits ? digits + 1 : ""; at[0] && at[1] && binding->length < 64; at += 2) {
        char pair[3] = {at[0], at[1], '\0'};
        binding->octets[binding->length++] = (uint8_t)strtoul(pair, NULL, 16);
    }
}

bool script_auth_read(struct script_auth *auth, const char *first, const char *second)
{
    if (strcmp(first, "auth") == 0)
        read_mechanisms(auth, second);
    else if (strcmp(first, "user") == 0)
        auth->user = strdup(second);
    else if (strcmp(first, "password") == 0)
        auth->password = strdup(second);
    else if (strcmp(first, "identity") == 0)
        auth->identity = strdup(second);
    else if (strcmp(first, "nonce") == 0)
        auth->nonce = strdup(second);
    else if (strcmp(first, "binding") == 0)
        read_binding(&auth->binding, second);
    else if (strcmp(first, "unlisted") == 0)
        auth->unlisted = find(second);
    else if (strcmp(first, "unoffered") == 0)
        auth->unoffered = find(second);
    else if (strcmp(first, "iterations-max") == 0)
        auth->iterations_max = (uint32_t)strtoul(second, NULL, 10);
    else if (strcmp(first, "slice") == 0)
        auth->slices = true, auth->slice = (uint32_t)strtoul(second, NULL, 10);
    else if (strcmp(first, "initial-response") == 0)
        auth->initial_response = true;
    else if (strcmp(first, "no-provider") == 0)
        auth->no_provider = true;
    else if (strcmp(first, "in-clear") == 0)
        auth->in_clear = true;
    else
        return false;
    return true;
}

void script_auth_free(struct script_auth *auth)
{
    free(auth->user);
    free(auth->password);
    free(auth->identity);
    free(auth->nonce);
}

/* The nonce of the transcript, one at a time: the octets that give it in base64. */
static const char *nonce;

static bool nonce_octets(void *octets, size_t length)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint8_t *to = octets;
    if (!nonce || strlen(nonce) * 3 / 4 != length)
        return false;
    for (const char *at = nonce; *at; at += 4, to += 3) {
        uint32_t bits = 0;
        for (int i = 0; i < 4; i++)
            bits = bits << 6 | (uint32_t)(strchr(digits, at[i]) - digits);
        to[0] = (uint8_t)(bits >> 16);
        to[1] = (uint8_t)(bits >> 8);
        to[2] = (uint8_t)bits;
    }
    return true;
}

/* A transcript is played thousands of times, and its password stretched alike each time. */
static bool stretch_once(enum postino_hash hash, const char *password, const void *salt, size_t salt_length,
                         uint32_t iterations, uint8_t *digest)
{
    static struct {
        enum postino_hash hash;
        char password[64], salt[64];
        size_t salt_length;
        uint32_t iterations;
        uint8_t digest[POSTINO_DIGEST_MAX];
    } last;
    if (strlen(password) >= sizeof last.password || salt_length > sizeof last.salt)
        return false;
    if (!last.iterations || last.hash != hash || strcmp(last.password, password) != 0 ||
        last.salt_length != salt_length || memcmp(last.salt, salt, salt_length) != 0 || last.iterations != iterations) {
        last.hash = hash;
        strcpy(last.password, password);
        memcpy(last.salt, salt, salt_length);
        last.salt_length = salt_length;
        last.iterations = iterations;
        if (!postino_openssl_crypto.stretch(hash, password, salt, salt_length, iterations, last.digest))
            return false;
    }
    memcpy(digest, last.digest, sizeof last.digest);
    return true;
}

/* A provider whose words are told easily: it begins with "MECHANISM user", answers a challenge with itself in brackets,
 * is content with "enough", and ends at "wrong". It knows everybody but nobody. */
static bool provider_begin(struct postino_provider *provider, const char *mechanism, const struct postino_sasl *sasl)
{
    struct play_auth *play = (struct play_auth *)(void *)((char *)provider - offsetof(struct play_auth, provider));
    snprintf(play->said, sizeof play->said, "%s %s", mechanism, sasl->user);
    provider->length = strlen(play->said);
    provider->done = false;
    return strcmp(sasl->user, "nobody") != 0;
}

static bool provider_step(struct postino_provider *provider, const char *challenge, size_t length)
{
    struct play_auth *play = (struct play_auth *)(void *)((char *)provider - offsetof(struct play_auth, provider));
    provider->response = play->said;
    if (!challenge)
        return length == 0 && strstr(play->said, " somebody") == NULL;
    provider->done = length == 6 && memcmp(challenge, "enough", length) == 0;
    provider->length = (size_t)snprintf(play->said, sizeof play->said, "[%.*s]", (int)length, challenge);
    return length != 5 || memcmp(challenge, "wrong", length) != 0;
}

/* attacks 199: of what is said while authenticating, the trace has the command and stars. */
static void watch(struct postino_trace *trace, enum postino_direction direction, const char *line, size_t length)
{
    struct play_auth *play = (struct play_auth *)(void *)((char *)trace - offsetof(struct play_auth, trace));
    static const char *const harmless[] = {"EHLO ", "HELO ", "LHLO ", "STARTTLS", "RSET", "MAIL FROM:", "RCPT TO:",
                                           "DATA",  ".",     "NOOP",  "VRFY ",    "EXPN", "QUIT"};
    if (direction == POSTINO_FROM_SERVER)
        return;
    for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
        if (length >= strlen(harmless[i]) && strncmp(line, harmless[i], strlen(harmless[i])) == 0)
            return;
    if ((length == 1 && *line == '*') || (length == 3 && strncmp(line, "***", 3) == 0))
        return;
    if (length > 5 && strncmp(line, "AUTH ", 5) == 0) {
        const char *rest = memchr(line + 5, ' ', length - 5);
        size_t behind = rest ? (size_t)(line + length - rest) : 0;
        if (behind == 0 || (behind == 2 && rest[1] == '=') || (behind == 4 && strncmp(rest, " ***", 4) == 0))
            return;
    }
    snprintf(play->leaked, sizeof play->leaked, "%.*s", (int)length, line);
}

void play_auth_begin(struct play_auth *play, const struct script_auth *auth, struct postino_config *config)
{
    memset(play, 0, sizeof *play);
    if (!auth->mechanisms[0] && !auth->unoffered)
        return;
    nonce = auth->nonce;
    play->crypto = postino_openssl_crypto;
    play->crypto.random = nonce_octets;
    play->crypto.stretch = auth->slices ? NULL : stretch_once;
    play->work.crypto = &play->crypto;
    play->work.binding = auth->binding;
    play->work.iterations_max = auth->iterations_max;
    play->work.slice = auth->slice;
    play->sasl = (struct postino_sasl){
        .mechanisms = auth->mechanisms,
        .identity = auth->identity,
        .user = auth->user ? auth->user : "",
        .password = auth->password ? auth->password : "",
        .work = &play->work,
        .provider = auth->no_provider ? NULL : &play->provider,
        .in_clear = auth->in_clear,
        .initial_response = auth->initial_response ? postino_initial_response : NULL,
        .unlisted = auth->unlisted,
        .unoffered = auth->unoffered,
    };
    play->provider = (struct postino_provider){.begin = provider_begin, .step = provider_step};
    config->opening[1] = &postino_auth;
    config->sasl = &play->sasl;
    config->trace = &play->trace;
    postino_trace_init(&play->trace, play->trace_buffer, sizeof play->trace_buffer, watch);
}
