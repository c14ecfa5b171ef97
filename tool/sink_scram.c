/* SCRAM (RFC 5802, RFC 7677), with channel binding (RFC 5929, RFC 9266). */
#define _GNU_SOURCE
#include "sink_auth.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sink_keys {
    const EVP_MD *digest;
    int size;
    unsigned char client[EVP_MAX_MD_SIZE], stored[EVP_MAX_MD_SIZE], server[EVP_MAX_MD_SIZE];
};

void postino_sink_scram_free(struct postino_sink_scram *scram)
{
    free(scram->header);
    free(scram->bare);
    free(scram->first);
    free(scram->nonce);
}

/* What is refused is told in the trace alone. */
static enum postino_sink_reply sink_refuse(const struct postino_sink_peer *peer, const char *why)
{
    if (peer->sink->trace)
        postino_sink_trace(peer, '-', why, strlen(why));
    return SINK_SAY_CREDENTIALS;
}

/* Undoes =2C and =3D in place; false where another `=` stands in it (RFC 5802 5.1). */
bool postino_sink_saslname(char *name)
{
    char *to = name;

    for (; *name; name++) {
        if (*name != '=') {
            *to++ = *name;
            continue;
        }
        if (strncmp(name, "=2C", 3) != 0 && strncmp(name, "=3D", 3) != 0)
            return false;
        *to++ = name[1] == '2' ? ',' : '=';
        name += 2;
    }
    *to = '\0';
    return true;
}

/* Takes `NAME=value` up to a comma or the end, and the comma; NULL where another attribute stands there. */
static char *sink_attribute(char **at, char name)
{
    char *value = *at + 2, *comma;

    if ((*at)[0] != name || (*at)[1] != '=')
        return NULL;
    comma = strchr(value, ',');
    *at = comma ? comma + 1 : value + strlen(value);
    if (comma)
        *comma = '\0';
    return value;
}

/* The channel that the client binds to, or why it may not bind to none: `y` says that we do not offer what we do. */
static enum postino_sink_reply sink_binding(struct postino_sink_peer *peer, const char *flag)
{
    const struct postino_sink_mechanism *mechanism = peer->auth->mechanism;
    struct postino_sink_scram *scram = &peer->auth->scram;
    char other[32];
    struct postino_sink_text plus = {other, 0};

    if (mechanism->needs & SINK_NEEDS_TLS) {
        if (strncmp(flag, "p=", 2) != 0)
            return sink_refuse(peer, "SCRAM: -PLUS without channel binding");
        scram->binding_length = postino_sink_tls_binding(peer, flag + 2, scram->binding);
        return scram->binding_length ? SINK_SAY_CHALLENGE
                                     : sink_refuse(peer, "SCRAM: this channel binding is not known");
    }
    plus.length = (size_t)snprintf(other, sizeof other, "%s-PLUS", mechanism->name);
    if (strcmp(flag, "y") == 0 && postino_sink_mechanism(peer->sink, peer->tls != NULL, plus))
        return sink_refuse(peer, "SCRAM: the client was led to believe that -PLUS is not offered");
    if (strcmp(flag, "y") == 0 || strcmp(flag, "n") == 0)
        return SINK_SAY_CHALLENGE;
    return sink_refuse(peer, "SCRAM: channel binding without -PLUS");
}

/* gs2-cbind-flag `,` [authzid] `,`: advances `*at` to client-first-message-bare. */
static enum postino_sink_reply sink_header(struct postino_sink_peer *peer, char **at, char **authorized)
{
    struct postino_sink_scram *scram = &peer->auth->scram;
    char *flag = *at, *comma = strchr(flag, ','), *second = comma ? strchr(comma + 1, ',') : NULL;

    if (!second || !strchr("nyp", *flag))
        return SINK_SAY_BAD_RESPONSE;
    scram->header = strndup(flag, (size_t)(second + 1 - flag));
    if (!scram->header)
        return SINK_SAY_NO_ROOM;
    *comma = *second = '\0';
    *at = second + 1;
    *authorized = comma + 1;
    if (**authorized != '\0' &&
        (strncmp(*authorized, "a=", 2) != 0 || strlen(*authorized) < 3 || !postino_sink_saslname(*authorized + 2)))
        return SINK_SAY_BAD_RESPONSE;
    return sink_binding(peer, flag);
}

/* One salt for a name and a digest as long as the sink runs, whether somebody has that name or not. */
static bool sink_salt(struct postino_sink_peer *peer)
{
    struct postino_sink_auth *auth = peer->auth;
    const struct postino_sink_auth_config *config = &peer->sink->auth;
    unsigned char octets[EVP_MAX_MD_SIZE];

    if (!HMAC(EVP_get_digestbyname(auth->mechanism->digest), config->salt_key, sizeof config->salt_key,
              (const unsigned char *)auth->name, strlen(auth->name), octets, NULL))
        return false;
    memcpy(auth->scram.salt, octets, SINK_SALT_SIZE);
    return true;
}

static enum postino_sink_reply sink_server_first(struct postino_sink_peer *peer, const char *client_nonce)
{
    struct postino_sink_scram *scram = &peer->auth->scram;
    unsigned char dice[18];
    size_t length = 0;
    char *salt = NULL, *nonce = NULL;
    enum postino_sink_reply reply = SINK_SAY_NO_ROOM;

    if (sink_salt(peer) && RAND_bytes(dice, sizeof dice) == 1) {
        salt = postino_sink_base64(scram->salt, SINK_SALT_SIZE, &length);
        nonce = postino_sink_base64(dice, sizeof dice, &length);
    }
    if (salt && nonce && asprintf(&scram->nonce, "%s%s", client_nonce, nonce) < 0)
        scram->nonce = NULL;
    if (scram->nonce && asprintf(&scram->first, "r=%s,s=%s,i=%llu", scram->nonce, salt,
                                 (unsigned long long)peer->sink->auth.iterations) < 0)
        scram->first = NULL;
    if (scram->first)
        reply = postino_sink_challenge(peer->auth, scram->first, strlen(scram->first));
    free(salt);
    free(nonce);
    return reply;
}

/* RFC 5802 7: printable but for the comma. */
static bool sink_is_nonce(const char *text)
{
    if (*text == '\0')
        return false;
    for (; *text; text++) {
        if (*text <= ' ' || *text > '~')
            return false;
    }
    return true;
}

static enum postino_sink_reply sink_client_first(struct postino_sink_peer *peer, char *at)
{
    struct postino_sink_auth *auth = peer->auth;
    char *authorized = NULL, *name, *nonce;
    enum postino_sink_reply reply = sink_header(peer, &at, &authorized);

    if (reply != SINK_SAY_CHALLENGE)
        return reply;
    auth->scram.bare = strdup(at);
    if (!auth->scram.bare)
        return SINK_SAY_NO_ROOM;
    name = sink_attribute(&at, 'n');
    nonce = name ? sink_attribute(&at, 'r') : NULL;
    if (!nonce || *name == '\0' || !postino_sink_saslname(name) || !sink_is_nonce(nonce))
        return SINK_SAY_BAD_RESPONSE;
    if (*authorized != '\0' && strcmp(authorized + 2, name) != 0)
        return sink_refuse(peer, "SCRAM: nobody may act for another");
    reply = postino_sink_named(auth, name, strlen(name));
    if (reply != SINK_SAY_AUTHENTICATED)
        return reply;
    auth->scram.password = postino_sink_password(peer->sink, auth->name);
    return sink_server_first(peer, nonce);
}

static bool sink_hmac(const struct sink_keys *keys, const unsigned char *key, const char *text, unsigned char *octets)
{
    return HMAC(keys->digest, key, keys->size, (const unsigned char *)text, strlen(text), octets, NULL) != NULL;
}

/* RFC 5802 3 */
static bool sink_derive(const struct postino_sink_peer *peer, struct sink_keys *keys)
{
    const struct postino_sink_scram *scram = &peer->auth->scram;
    const char *password = scram->password ? scram->password : "";
    unsigned char salted[EVP_MAX_MD_SIZE];

    keys->digest = EVP_get_digestbyname(peer->auth->mechanism->digest);
    keys->size = EVP_MD_get_size(keys->digest);
    return PKCS5_PBKDF2_HMAC(password, (int)strlen(password), scram->salt, SINK_SALT_SIZE,
                             (int)peer->sink->auth.iterations, keys->digest, keys->size, salted) == 1 &&
           sink_hmac(keys, salted, "Client Key", keys->client) && sink_hmac(keys, salted, "Server Key", keys->server) &&
           EVP_Digest(keys->client, (size_t)keys->size, keys->stored, NULL, keys->digest, NULL) == 1;
}

/* Whether `proof`, of the length of the digest, is the client's key under our signature of the messages. */
static bool sink_proves(const struct sink_keys *keys, const char *messages, const unsigned char *proof)
{
    unsigned char key[EVP_MAX_MD_SIZE], stored[EVP_MAX_MD_SIZE];

    if (!sink_hmac(keys, keys->stored, messages, key))
        return false;
    for (int i = 0; i < keys->size; i++)
        key[i] ^= proof[i];
    return EVP_Digest(key, (size_t)keys->size, stored, NULL, keys->digest, NULL) == 1 &&
           CRYPTO_memcmp(stored, keys->stored, (size_t)keys->size) == 0;
}

static enum postino_sink_reply sink_server_final(struct postino_sink_peer *peer, const struct sink_keys *keys,
                                                 const char *messages)
{
    unsigned char signature[EVP_MAX_MD_SIZE];
    char *encoded = NULL, *text = NULL;
    enum postino_sink_reply reply = SINK_SAY_NO_ROOM;
    size_t length = 0;

    if (sink_hmac(keys, keys->server, messages, signature))
        encoded = postino_sink_base64(signature, (size_t)keys->size, &length);
    if (encoded && asprintf(&text, "v=%s", encoded) >= 0) {
        reply = postino_sink_challenge(peer->auth, text, strlen(text));
        free(text);
    }
    free(encoded);
    return reply;
}

/* `c=` is what the client said of the channel, and the channel as the client sees it. */
static bool sink_same_channel(const struct postino_sink_scram *scram, const char *given)
{
    struct postino_sink_text text = {given, strlen(given)};
    size_t header = strlen(scram->header), length = 0;
    char *octets = postino_sink_base64_decode(text, &length);
    bool same = octets && length == header + scram->binding_length && memcmp(octets, scram->header, header) == 0 &&
                CRYPTO_memcmp(octets + header, scram->binding, scram->binding_length) == 0;

    free(octets);
    return same;
}

static enum postino_sink_reply sink_prove(struct postino_sink_peer *peer, const char *without_proof, const char *proof)
{
    struct postino_sink_scram *scram = &peer->auth->scram;
    struct postino_sink_text text = {proof, strlen(proof)};
    enum postino_sink_reply reply = SINK_SAY_NO_ROOM;
    char *messages = NULL, *octets;
    struct sink_keys keys;
    size_t length = 0;

    octets = postino_sink_base64_decode(text, &length);
    if (!octets)
        return SINK_SAY_BAD_RESPONSE;
    if (asprintf(&messages, "%s,%s,%s", scram->bare, scram->first, without_proof) < 0)
        messages = NULL;
    if (messages && sink_derive(peer, &keys)) {
        bool proved = length == (size_t)keys.size && sink_proves(&keys, messages, (const unsigned char *)octets);

        reply = proved && scram->password ? sink_server_final(peer, &keys, messages)
                                          : sink_refuse(peer, "SCRAM: wrong proof");
    }
    free(messages);
    free(octets);
    return reply;
}

/* The proof is the last attribute, and holds no comma. */
static enum postino_sink_reply sink_client_final(struct postino_sink_peer *peer, char *at)
{
    struct postino_sink_scram *scram = &peer->auth->scram;
    char *proof = strrchr(at, ','), *channel, *nonce, *without_proof;
    enum postino_sink_reply reply;

    if (!proof || strncmp(proof, ",p=", 3) != 0)
        return SINK_SAY_BAD_RESPONSE;
    *proof = '\0';
    without_proof = strdup(at);
    if (!without_proof)
        return SINK_SAY_NO_ROOM;
    channel = sink_attribute(&at, 'c');
    nonce = channel ? sink_attribute(&at, 'r') : NULL;
    if (!nonce)
        reply = SINK_SAY_BAD_RESPONSE;
    else if (!sink_same_channel(scram, channel))
        reply = sink_refuse(peer, "SCRAM: another channel, or another header");
    else if (strcmp(nonce, scram->nonce) != 0)
        reply = sink_refuse(peer, "SCRAM: another nonce");
    else
        reply = sink_prove(peer, without_proof, proof + 3);
    free(without_proof);
    return reply;
}

/* SMTP has no data in its 235: the server's last message is a challenge, and the client responds with nothing to it. */
enum postino_sink_reply postino_sink_scram(struct postino_sink_peer *peer, struct postino_sink_text response)
{
    char *text = peer->auth->response;

    if (strlen(text) != response.length || !postino_sink_utf8(text, response.length))
        return SINK_SAY_BAD_RESPONSE;
    switch (peer->auth->round) {
    case 0:
        return sink_client_first(peer, text);
    case 1:
        return sink_client_final(peer, text);
    default:
        return response.length == 0 ? SINK_SAY_AUTHENTICATED : SINK_SAY_BAD_RESPONSE;
    }
}
