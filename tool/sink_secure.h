/* TLS and AUTH, as the rest of the sink sees them. */
#ifndef POSTINO_TOOL_SINK_SECURE_H
#define POSTINO_TOOL_SINK_SECURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define SINK_MECHANISMS   16
#define SINK_BINDING_SIZE 64 /* of the longest digest */

struct ssl_ctx_st;
struct postino_sink;
struct postino_sink_auth;
struct postino_sink_peer;
struct postino_sink_tls;

/* What --tls and its like ask for. */
struct postino_sink_tls_config {
    bool starttls;
    const char *certificate, *key, *ca_out, *client_ca, *ciphers;
    int least, most;            /* as OpenSSL numbers versions; 0: its default */
    struct ssl_ctx_st *context; /* NULL: no connection can have TLS */
};

/* One of --user, or of --token. */
struct postino_sink_account {
    char *name;
    const char *secret;
    bool token;
};

struct postino_sink_auth_config {
    struct postino_sink_account *accounts;
    size_t account_count;
    bool on; /* some mechanism can be offered */
    bool anonymous, in_clear, required;
    unsigned char mechanisms[SINK_MECHANISMS]; /* in the order of the offer */
    size_t mechanism_count;
    uint64_t iterations;
    unsigned char salt_key[32];
};

/* sink_certificate.c: 0 or an exit code, with a message. */
int postino_sink_tls_prepare(struct postino_sink *sink);

/* sink_tls.c. Those two receive and send as recv and send do. */
ssize_t postino_sink_tls_receive(struct postino_sink_peer *peer, char *buffer, size_t size);
ssize_t postino_sink_tls_send(struct postino_sink_peer *peer, const char *text, size_t length);
bool postino_sink_tls_begin(struct postino_sink_peer *peer, bool greets);
bool postino_sink_tls_handshake(struct postino_sink_peer *peer);
bool postino_sink_tls_ended(const struct postino_sink_peer *peer);
bool postino_sink_tls_writes(const struct postino_sink_peer *peer);
bool postino_sink_tls_part(struct postino_sink_peer *peer);
const char *postino_sink_tls_version(const struct postino_sink_peer *peer);
char *postino_sink_tls_client(const struct postino_sink_peer *peer);
size_t postino_sink_tls_binding(const struct postino_sink_peer *peer, const char *type, unsigned char *binding);
void postino_sink_tls_free(struct postino_sink_peer *peer);

/* sink_accounts.c */
const char *postino_sink_account_add(struct postino_sink *sink, const char *value, bool token);
const char *postino_sink_mechanisms_choose(struct postino_sink *sink, const char *names);
void postino_sink_mechanisms_say(const struct postino_sink *sink, bool tls, char *text, size_t size);
bool postino_sink_auth_prepare(struct postino_sink *sink);
void postino_sink_auth_free(struct postino_sink *sink);

#endif
