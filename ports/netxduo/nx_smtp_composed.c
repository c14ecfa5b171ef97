/* The message of nx_smtp_mail_send_extended. */
#include "nx_smtp_composed.h"

/* A field of addresses, one on a line. */
static void put_addresses(struct postino_writer *w, const char *field, const NX_SMTP_RECIPIENT *first, UINT count)
{
    for (UINT i = 0; i < count; i++) {
        postino_command_put(w, i ? ",\r\n " : field);
        postino_command_put(w, first[i].nx_smtp_recipient_address);
    }
}

static void put_head(struct postino_writer *w, const struct postino_nx_composed *composed)
{
    const NX_SMTP_MAIL *mail = composed->mail;
    UINT to = mail->nx_smtp_mail_to_count;
    put_addresses(w, "To: ", mail->nx_smtp_mail_recipients, to);
    put_addresses(w, to ? "\r\nCc: " : "Cc: ", mail->nx_smtp_mail_recipients + to, mail->nx_smtp_mail_cc_count);
    if (!to && !mail->nx_smtp_mail_cc_count)
        postino_command_put(w, "To: undisclosed-recipients:;"); /* 5322 3.4 */
    postino_nx_put(w, composed->client, POSTINO_NX_FIELDS);
    if (mail->nx_smtp_mail_attachments)
        postino_nx_put_multipart(w, composed->client);
    postino_command_put(w, POSTINO_NX_TYPE);
}

/* What stands in front of the data, from where it was left; 0: all of it is written. */
static size_t read_head(struct postino_nx_composed *composed, char *buffer, size_t size)
{
    struct postino_writer w = {buffer, size, composed->at, 0, false};
    if (composed->part || composed->ended)
        postino_nx_put_part(&w, composed);
    else
        put_head(&w, composed);
    size_t length = w.length - composed->at;
    if (length > size)
        length = size;
    composed->at += length;
    return length;
}

ptrdiff_t postino_nx_data(struct postino_nx_composed *composed, void *buffer, size_t size)
{
    const NX_SMTP_MAIL *mail = composed->mail;
    const NX_SMTP_ATTACHMENT *part = composed->part;
    NX_SMTP_READ read = part ? part->nx_smtp_attachment_read : mail->nx_smtp_mail_body_read;
    VOID *context = part ? part->nx_smtp_attachment_context : mail->nx_smtp_mail_body_context;
    const char *data = part ? part->nx_smtp_attachment_data : mail->nx_smtp_mail_body;
    size_t length = part ? part->nx_smtp_attachment_length : mail->nx_smtp_mail_body_length;
    if (read) {
        UINT got = 0, status = read(context, buffer, (UINT)size, &got);
        if (!status && got <= size)
            return (ptrdiff_t)got;
        composed->client->nx_smtp_client_mail_status = status;
        return POSTINO_SOURCE_FAILED;
    }
    length -= composed->at;
    if (length > size)
        length = size;
    memcpy(buffer, data + composed->at, length);
    composed->at += length;
    return (ptrdiff_t)length;
}

/* From the body to the first attachment, from each to the next, from the last to the end. */
static void next_part(struct postino_nx_composed *composed)
{
    composed->part =
        composed->part ? composed->part->nx_smtp_attachment_next : composed->mail->nx_smtp_mail_attachments;
    composed->ended = !composed->part;
    composed->in_data = false;
    composed->at = 0;
}

ptrdiff_t postino_nx_composed_read(struct postino_source *source, void *buffer, size_t size)
{
    struct postino_nx_composed *composed = (struct postino_nx_composed *)source;
    for (;;) {
        if (!composed->in_data) {
            size_t length = read_head(composed, buffer, size);
            if (length || composed->ended)
                return (ptrdiff_t)length;
            composed->in_data = true;
            composed->at = 0;
        }
        ptrdiff_t got =
            composed->part ? postino_nx_lines(composed, buffer, size) : postino_nx_data(composed, buffer, size);
        if (got || !composed->mail->nx_smtp_mail_attachments)
            return got;
        next_part(composed);
    }
}
