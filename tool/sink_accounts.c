/* Who may authenticate, and by which mechanisms. */
#define _GNU_SOURCE
#include "sink_auth.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char *postino_sink_account_add(struct postino_sink *sink, const char *value, bool token)
{
    const char *colon = strchr(value, ':');
    struct postino_sink_auth_config *auth = &sink->auth;
    struct postino_sink_account *accounts = realloc(auth->accounts, (auth->account_count + 1) * sizeof *accounts);

    if (!accounts)
        return "out of memory";
    auth->accounts = accounts;
    if (!colon || colon == value || colon[1] == '\0' || !postino_sink_utf8(value, strlen(value)))
        return token ? "give NAME:TOKEN" : "give NAME:PASSWORD";
    accounts += auth->account_count;
    accounts->name = strndup(value, (size_t)(colon - value));
    if (!accounts->name)
        return "out of memory";
    accounts->secret = colon + 1;
    accounts->token = token;
    auth->account_count++;
    return NULL;
}

bool postino_sink_same(const char *secret, struct postino_sink_text given)
{
    return strlen(secret) == given.length && CRYPTO_memcmp(secret, given.text, given.length) == 0;
}

/* NULL where nobody has that name. */
const char *postino_sink_password(const struct postino_sink *sink, const char *name)
{
    for (size_t i = 0; i < sink->auth.account_count; i++) {
        if (!sink->auth.accounts[i].token && strcmp(sink->auth.accounts[i].name, name) == 0)
            return sink->auth.accounts[i].secret;
    }
    return NULL;
}

/* Whose token it is. A `name` of "" is anyone's. */
const char *postino_sink_token_owner(const struct postino_sink *sink, const char *name, struct postino_sink_text token)
{
    for (size_t i = 0; i < sink->auth.account_count; i++) {
        const struct postino_sink_account *account = &sink->auth.accounts[i];

        if (account->token && (*name == '\0' || strcmp(account->name, name) == 0) &&
            postino_sink_same(account->secret, token))
            return account->name;
    }
    return NULL;
}

/* What of enum sink_need is there. */
static unsigned sink_there(const struct postino_sink *sink, bool tls)
{
    unsigned there = 0;

    for (size_t i = 0; i < sink->auth.account_count; i++)
        there |= sink->auth.accounts[i].token ? SINK_NEEDS_TOKENS : SINK_NEEDS_PASSWORDS;
    if (sink->tls.client_ca)
        there |= SINK_NEEDS_CLIENT_CA;
    if (sink->auth.anonymous)
        there |= SINK_NEEDS_ANONYMOUS;
    return there | (tls ? SINK_NEEDS_TLS : 0);
}

/* The mechanism of that name, where it is offered in clear or over TLS. */
const struct postino_sink_mechanism *postino_sink_mechanism(const struct postino_sink *sink, bool tls,
                                                            struct postino_sink_text name)
{
    unsigned there = sink_there(sink, tls);

    for (size_t i = 0; i < sink->auth.mechanism_count; i++) {
        const struct postino_sink_mechanism *mechanism = &postino_sink_mechanisms[sink->auth.mechanisms[i]];

        if (strlen(mechanism->name) == name.length && strncasecmp(mechanism->name, name.text, name.length) == 0)
            return (mechanism->needs & ~there) == 0 ? mechanism : NULL;
    }
    return NULL;
}

/* Writes `AUTH` and the names; nothing where none is offered. */
void postino_sink_mechanisms_say(const struct postino_sink *sink, bool tls, char *text, size_t size)
{
    unsigned there = sink_there(sink, tls);
    size_t length = 0;

    *text = '\0';
    if (!postino_sink_auth_allowed(sink, tls))
        return;
    for (size_t i = 0; i < sink->auth.mechanism_count; i++) {
        const struct postino_sink_mechanism *mechanism = &postino_sink_mechanisms[sink->auth.mechanisms[i]];

        if ((mechanism->needs & ~there) == 0)
            length += (size_t)snprintf(text + length, size - length, "%s %s", length ? "" : "AUTH", mechanism->name);
    }
}

/* Passwords in clear are asked for where there is nothing else. */
bool postino_sink_auth_allowed(const struct postino_sink *sink, bool tls)
{
    return tls || !sink->tls.context || sink->auth.in_clear;
}

const char *postino_sink_mechanisms_choose(struct postino_sink *sink, const char *names)
{
    struct postino_sink_auth_config *auth = &sink->auth;

    auth->mechanism_count = 0;
    while (*names) {
        size_t length = strcspn(names, ",");
        unsigned char i = 0;

        while (postino_sink_mechanisms[i].name && (strlen(postino_sink_mechanisms[i].name) != length ||
                                                   strncasecmp(postino_sink_mechanisms[i].name, names, length) != 0))
            i++;
        if (!postino_sink_mechanisms[i].name || memchr(auth->mechanisms, i, auth->mechanism_count))
            return "give a list of its mechanisms, each once, with commas";
        auth->mechanisms[auth->mechanism_count++] = i;
        names += length + (names[length] == ',');
    }
    return auth->mechanism_count ? NULL : "name a mechanism";
}

/* Decides whether there is AUTH at all. */
bool postino_sink_auth_prepare(struct postino_sink *sink)
{
    struct postino_sink_auth_config *auth = &sink->auth;
    unsigned there = sink_there(sink, postino_sink_wants_tls(sink));

    if (auth->mechanism_count == 0) {
        for (unsigned char i = 0; postino_sink_mechanisms[i].name; i++)
            auth->mechanisms[auth->mechanism_count++] = i;
    }
    for (size_t i = 0; i < auth->mechanism_count; i++)
        auth->on |= (postino_sink_mechanisms[auth->mechanisms[i]].needs & ~there) == 0;
    if (!auth->on)
        sink->offered &= ~(uint32_t)SINK_AUTH;
    return !auth->on || RAND_bytes(auth->salt_key, sizeof auth->salt_key) == 1;
}

void postino_sink_auth_free(struct postino_sink *sink)
{
    for (size_t i = 0; i < sink->auth.account_count; i++)
        free(sink->auth.accounts[i].name);
    free(sink->auth.accounts);
}
