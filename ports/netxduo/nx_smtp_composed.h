/* What the files of nx_smtp_mail_send_extended share. */
#ifndef NX_SMTP_COMPOSED_H
#define NX_SMTP_COMPOSED_H

#include "nx_smtp_internal.h"

enum {
    LINE_OCTETS = 57, /* of what is encoded, in a line of 76 (2045 6.8) */
    LINE_SIZE = 80
};

/* A message in pieces: a head, the body, and for each attachment a head and its lines, then the end. */
struct postino_nx_composed {
    struct postino_source source;
    NX_SMTP_CLIENT *client;
    const NX_SMTP_MAIL *mail;
    const NX_SMTP_ATTACHMENT *part; /* the one that is written, or NULL */
    size_t at;                      /* in the piece */
    bool in_data;                   /* of the body or the part, behind its head */
    bool ended;                     /* only the last boundary is left */
    uint8_t line_length;            /* a line of base64 */
    uint8_t line_at;
    char line[LINE_SIZE];
};

/* nx_smtp_composed.c */
ptrdiff_t postino_nx_composed_read(struct postino_source *source, void *buffer, size_t size);
/* Takes octets from memory or from the application. POSTINO_SOURCE_FAILED: its status is the client's. */
ptrdiff_t postino_nx_data(struct postino_nx_composed *composed, void *buffer, size_t size);

/* nx_smtp_attachments.c */
void postino_nx_put_part(struct postino_writer *writer, struct postino_nx_composed *composed);
void postino_nx_put_multipart(struct postino_writer *writer, NX_SMTP_CLIENT *client);
ptrdiff_t postino_nx_lines(struct postino_nx_composed *composed, char *buffer, size_t size);

#endif
