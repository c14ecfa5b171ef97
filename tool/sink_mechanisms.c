/* The mechanisms but SCRAM: PLAIN (RFC 4616), LOGIN (draft-murchison-sasl-login), CRAM-MD5 (RFC 2195), XOAUTH2,
 * OAUTHBEARER (RFC 7628), EXTERNAL (RFC 4422 A) and ANONYMOUS (RFC 4505). */
#define _GNU_SOURCE
#include "sink_auth.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum postino_sink_reply sink_checked(const struct postino_sink_peer *peer, struct postino_sink_text password)
{
    const char *secret = postino_sink_password(peer->sink, peer->auth->name);

    return secret && postino_sink_same(secret, password) ? SINK_SAY_AUTHENTICATED : SINK_SAY_CREDENTIALS;
}

/* [authzid] NUL authcid NUL passwd; nobody may act for another. */
static enum postino_sink_reply sink_plain(struct postino_sink_peer *peer, struct postino_sink_text response)
{
    const char *end = response.text + response.length;
    const char *name = memchr(response.text, '\0', response.length);
    const char *password = name ? memchr(name + 1, '\0', (size_t)(end - name - 1)) : NULL;
    struct postino_sink_text given;
    enum postino_sink_reply reply;

    if (!password || memchr(password + 1, '\0', (size_t)(end - password - 1)) || password == name + 1)
        return SINK_SAY_BAD_RESPONSE;
    reply = postino_sink_named(peer->auth, name + 1, (size_t)(password - name - 1));
    if (reply != SINK_SAY_AUTHENTICATED)
        return reply;
    if (name != response.text && strcmp(response.text, peer->auth->name) != 0)
        return SINK_SAY_CREDENTIALS;
    given.text = password + 1;
    given.length = (size_t)(end - given.text);
    return sink_checked(peer, given);
}

static enum postino_sink_reply sink_login_begin(struct postino_sink_peer *peer)
{
    return postino_sink_challenge(peer->auth, "Username:", 9);
}

static enum postino_sink_reply sink_login(struct postino_sink_peer *peer, struct postino_sink_text response)
{
    enum postino_sink_reply reply;

    if (peer->auth->round > 0)
        return sink_checked(peer, response);
    if (response.length == 0 || memchr(response.text, '\0', response.length))
        return SINK_SAY_BAD_RESPONSE;
    reply = postino_sink_named(peer->auth, response.text, response.length);
    return reply == SINK_SAY_AUTHENTICATED ? postino_sink_challenge(peer->auth, "Password:", 9) : reply;
}

static enum postino_sink_reply sink_cram_begin(struct postino_sink_peer *peer)
{
    uint64_t dice[2];

    if (RAND_bytes((unsigned char *)dice, sizeof dice) != 1)
        return SINK_SAY_NO_ROOM;
    snprintf(peer->auth->challenge, sizeof peer->auth->challenge, "<%016llx.%016llx@localhost>",
             (unsigned long long)dice[0], (unsigned long long)dice[1]);
    return postino_sink_challenge(peer->auth, peer->auth->challenge, strlen(peer->auth->challenge));
}

static bool sink_cram_same(const char *secret, const char *challenge, const char *digest)
{
    unsigned char octets[EVP_MAX_MD_SIZE];
    char text[2 * EVP_MAX_MD_SIZE + 1];
    unsigned length = 0;

    if (!HMAC(EVP_md5(), secret, (int)strlen(secret), (const unsigned char *)challenge, strlen(challenge), octets,
              &length))
        return false;
    for (unsigned i = 0; i < length; i++)
        snprintf(text + 2 * i, 3, "%02x", octets[i]);
    return CRYPTO_memcmp(text, digest, 2 * (size_t)length) == 0;
}

/* The name, a space, and the digest in lower case. */
static enum postino_sink_reply sink_cram(struct postino_sink_peer *peer, struct postino_sink_text response)
{
    const char *space = memrchr(response.text, ' ', response.length);
    enum postino_sink_reply reply;
    const char *secret;

    if (!space || space == response.text || response.text + response.length - space != 33 ||
        strlen(response.text) != response.length)
        return SINK_SAY_BAD_RESPONSE;
    reply = postino_sink_named(peer->auth, response.text, (size_t)(space - response.text));
    if (reply != SINK_SAY_AUTHENTICATED)
        return reply;
    secret = postino_sink_password(peer->sink, peer->auth->name);
    return secret && sink_cram_same(secret, peer->auth->challenge, space + 1) ? reply : SINK_SAY_CREDENTIALS;
}

/* Takes `prefix` and what follows it up to the next \1, which is taken, too. False where it does not stand there. */
static bool sink_field(struct postino_sink_text *text, const char *prefix, struct postino_sink_text *value)
{
    size_t length = strlen(prefix);
    const char *end = memchr(text->text, 1, text->length);

    if (!end || text->length < length || memcmp(text->text, prefix, length) != 0)
        return false;
    value->text = text->text + length;
    if (value->text > end)
        return false;
    value->length = (size_t)(end - value->text);
    text->length -= (size_t)(end + 1 - text->text);
    text->text = end + 1;
    return true;
}

/* A token that is not taken is told about by a challenge, to which the client responds before it is refused. */
static enum postino_sink_reply sink_token(struct postino_sink_peer *peer, struct postino_sink_text token,
                                          const char *problem)
{
    const char *owner = postino_sink_token_owner(peer->sink, peer->auth->name, token);

    if (owner)
        return postino_sink_named(peer->auth, owner, strlen(owner));
    return postino_sink_challenge(peer->auth, problem, strlen(problem));
}

/* `user=` NAME \1 `auth=Bearer ` TOKEN \1 \1 */
static enum postino_sink_reply sink_xoauth2(struct postino_sink_peer *peer, struct postino_sink_text response)
{
    struct postino_sink_text name, token;
    enum postino_sink_reply reply;

    if (peer->auth->round > 0)
        return response.length == 0 ? SINK_SAY_CREDENTIALS : SINK_SAY_BAD_RESPONSE;
    if (memchr(response.text, '\0', response.length) || !sink_field(&response, "user=", &name) ||
        !sink_field(&response, "auth=Bearer ", &token) || name.length == 0 || response.length != 1 ||
        response.text[0] != 1)
        return SINK_SAY_BAD_RESPONSE;
    reply = postino_sink_named(peer->auth, name.text, name.length);
    if (reply != SINK_SAY_AUTHENTICATED)
        return reply;
    return sink_token(peer, token, "{\"status\":\"401\",\"schemes\":\"bearer\",\"scope\":\"mail\"}");
}

/* The gs2-header: `n,` or `y,`, then `a=` NAME or nothing, then a comma; there is no channel to bind. */
static enum postino_sink_reply sink_bearer_name(struct postino_sink_peer *peer, struct postino_sink_text header)
{
    const char *text = header.text;
    enum postino_sink_reply reply;

    if (header.length < 3 || (text[0] != 'n' && text[0] != 'y') || text[1] != ',' || text[header.length - 1] != ',')
        return SINK_SAY_BAD_RESPONSE;
    text += 2;
    header.length -= 3;
    if (header.length > 0 && (header.length < 3 || memcmp(text, "a=", 2) != 0 || memchr(text, ',', header.length)))
        return SINK_SAY_BAD_RESPONSE;
    text += header.length > 0 ? 2 : 0;
    reply = postino_sink_named(peer->auth, text, header.length > 0 ? header.length - 2 : 0);
    if (reply == SINK_SAY_AUTHENTICATED && !postino_sink_saslname(peer->auth->name))
        return SINK_SAY_BAD_RESPONSE;
    return reply;
}

/* gs2-header \1 KEY=VALUE \1 … \1, one of which is `auth=Bearer ` TOKEN */
static enum postino_sink_reply sink_bearer(struct postino_sink_peer *peer, struct postino_sink_text response)
{
    struct postino_sink_text header, pair = {NULL, 1}, token = {NULL, 0};
    enum postino_sink_reply reply;

    if (peer->auth->round > 0)
        return response.length == 1 && response.text[0] == 1 ? SINK_SAY_CREDENTIALS : SINK_SAY_BAD_RESPONSE;
    if (memchr(response.text, '\0', response.length) || !sink_field(&response, "", &header))
        return SINK_SAY_BAD_RESPONSE;
    reply = sink_bearer_name(peer, header);
    while (reply == SINK_SAY_AUTHENTICATED && sink_field(&response, "", &pair) && pair.length > 0) {
        if (!memchr(pair.text, '=', pair.length))
            return SINK_SAY_BAD_RESPONSE;
        if (pair.length < 12 || memcmp(pair.text, "auth=Bearer ", 12) != 0)
            continue;
        token.text = pair.text + 12;
        token.length = pair.length - 12;
    }
    if (reply == SINK_SAY_AUTHENTICATED && (pair.length > 0 || response.length > 0 || !token.text))
        return SINK_SAY_BAD_RESPONSE;
    if (reply != SINK_SAY_AUTHENTICATED)
        return reply;
    return sink_token(peer, token, "{\"status\":\"invalid_token\",\"scope\":\"mail\"}");
}

/* The common name of the certificate; to act for another is not allowed. */
static enum postino_sink_reply sink_external(struct postino_sink_peer *peer, struct postino_sink_text response)
{
    peer->auth->name = postino_sink_tls_client(peer);
    if (!peer->auth->name)
        return SINK_SAY_CREDENTIALS;
    return response.length == 0 || postino_sink_same(peer->auth->name, response) ? SINK_SAY_AUTHENTICATED
                                                                                 : SINK_SAY_CREDENTIALS;
}

static enum postino_sink_reply sink_anonymous(struct postino_sink_peer *peer, struct postino_sink_text response)
{
    if (response.length > 255 * 4 || !postino_sink_utf8(response.text, response.length))
        return SINK_SAY_BAD_RESPONSE;
    return postino_sink_named(peer->auth, "anonymous", 9);
}

#define SINK_PASSWORDS_OVER_TLS (SINK_NEEDS_PASSWORDS | SINK_NEEDS_TLS)

/* In the order of the offer. */
const struct postino_sink_mechanism postino_sink_mechanisms[] = {
    {"SCRAM-SHA-256-PLUS", SINK_PASSWORDS_OVER_TLS, "SHA256", NULL, postino_sink_scram},
    {"SCRAM-SHA-1-PLUS", SINK_PASSWORDS_OVER_TLS, "SHA1", NULL, postino_sink_scram},
    {"SCRAM-SHA-256", SINK_NEEDS_PASSWORDS, "SHA256", NULL, postino_sink_scram},
    {"SCRAM-SHA-1", SINK_NEEDS_PASSWORDS, "SHA1", NULL, postino_sink_scram},
    {"CRAM-MD5", SINK_NEEDS_PASSWORDS, NULL, sink_cram_begin, sink_cram},
    {"PLAIN", SINK_NEEDS_PASSWORDS, NULL, NULL, sink_plain},
    {"LOGIN", SINK_NEEDS_PASSWORDS, NULL, sink_login_begin, sink_login},
    {"OAUTHBEARER", SINK_NEEDS_TOKENS, NULL, NULL, sink_bearer},
    {"XOAUTH2", SINK_NEEDS_TOKENS, NULL, NULL, sink_xoauth2},
    {"EXTERNAL", SINK_NEEDS_CLIENT_CA | SINK_NEEDS_TLS, NULL, NULL, sink_external},
    {"ANONYMOUS", SINK_NEEDS_ANONYMOUS, NULL, NULL, sink_anonymous},
    {NULL, 0, NULL, NULL, NULL},
};
