/* What the files of the client share. */
#ifndef NX_SMTP_INTERNAL_H
#define NX_SMTP_INTERNAL_H

#include "../../src/sasl/internal.h"
#include "nxd_smtp_client.h"

/* What a connection needs as long as it stands. */
struct postino_nx_dialogue {
    struct postino_config config;
    struct postino_sasl sasl;
#ifdef NX_SMTP_CLIENT_AUTH_NONE_USES_PLAIN
    struct postino_opening where_offered;
#endif
};

/* What a connection is made of: TCP, or TLS over it. */
struct postino_nx_layer {
    UINT (*allocate)(NX_SMTP_CLIENT *client, NX_PACKET **packet);
    UINT (*receive)(NX_TCP_SOCKET *socket, NX_PACKET **packet, ULONG wait);
    UINT (*send)(NX_TCP_SOCKET *socket, NX_PACKET *packet, ULONG wait);
    void (*close)(NX_SMTP_CLIENT *client);
    UINT overhead; /* octets of a packet that it needs behind ours */
};

/* A message over what the client knows of its mail. */
struct postino_nx_message {
    struct postino_source source;
    NX_SMTP_CLIENT *client;
    size_t at; /* in the head, then in the body */
    bool in_body;
};

struct postino_session *postino_nx_session(NX_SMTP_CLIENT *client);

/* nx_smtp_transport.c */
extern const struct postino_nx_layer postino_nx_tcp;
const struct postino_nx_layer *postino_nx_layer(const NX_SMTP_CLIENT *client);
UINT postino_nx_connect(NX_SMTP_CLIENT *client);
UINT postino_nx_allocate(NX_SMTP_CLIENT *client, NX_PACKET **packet);
UINT postino_nx_receive(NX_TCP_SOCKET *socket, NX_PACKET **packet, ULONG wait);
UINT postino_nx_send(NX_TCP_SOCKET *socket, NX_PACKET *packet, ULONG wait);
void postino_nx_converse(NX_SMTP_CLIENT *client);
void postino_nx_close(NX_SMTP_CLIENT *client);

/* nx_smtp_message.c */
/* Puts a text in which the octets 1 to 5 stand for what the client knows: recipient, sender, subject, Date and
 * Message-ID, priority. */
void postino_nx_put(struct postino_writer *writer, NX_SMTP_CLIENT *client, const char *text);
#define POSTINO_NX_FIELDS "\r\nFrom: \2\r\nSubject: \3\4\5\r\nMIME-Version: 1.0\r\n"
#define POSTINO_NX_TYPE   "Content-Type: text/plain; charset=\"utf-8\"\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
ptrdiff_t postino_nx_read(struct postino_source *source, void *buffer, size_t size);

/* nxd_smtp_client.c */
bool postino_nx_sound(const char *text, bool path);
UINT postino_nx_open(NX_SMTP_CLIENT *client, struct postino_nx_dialogue *dialogue);
void postino_nx_transact(NX_SMTP_CLIENT *client, struct postino_mail *mail);
void postino_nx_leave(NX_SMTP_CLIENT *client, struct postino_nx_dialogue *dialogue);
UINT postino_nx_deliver(NX_SMTP_CLIENT *client, struct postino_mail *mail);
UINT postino_nx_status(const NX_SMTP_CLIENT *client, const struct postino_result *result);

#endif
