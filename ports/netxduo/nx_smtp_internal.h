/* What the files of the client share. */
#ifndef NX_SMTP_INTERNAL_H
#define NX_SMTP_INTERNAL_H

#include "../../src/sasl/internal.h"
#include "nxd_smtp_client.h"

/* What a connection needs as long as it stands. */
struct postino_nx_dialogue {
    struct postino_config config;
    struct postino_sasl sasl;
};

/* A message over what the client knows of its mail: `put_head` writes everything in front of the body. */
struct postino_nx_message {
    struct postino_source source;
    NX_SMTP_CLIENT *client;
    size_t at; /* in the head, then in the body */
    bool in_body;
};

struct postino_session *postino_nx_session(NX_SMTP_CLIENT *client);

/* nx_smtp_transport.c */
UINT postino_nx_connect(NX_SMTP_CLIENT *client);
void postino_nx_converse(NX_SMTP_CLIENT *client);
void postino_nx_close(NX_SMTP_CLIENT *client);

/* nx_smtp_message.c */
void postino_nx_put(struct postino_writer *writer, NX_SMTP_CLIENT *client, const char *text);
ptrdiff_t postino_nx_read(struct postino_source *source, void *buffer, size_t size);

/* nxd_smtp_client.c */
bool postino_nx_sound(const char *text, bool path);
void postino_nx_begin(NX_SMTP_CLIENT *client, struct postino_nx_dialogue *dialogue);
UINT postino_nx_deliver(NX_SMTP_CLIENT *client, struct postino_mail *mail);

#endif
