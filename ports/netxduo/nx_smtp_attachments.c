/* Attachments (2046 5.1.3, 2183), in base64. */
#include "nx_smtp_composed.h"

/* Not as strings: where they are the engine's too, a compiler may keep them with those that nobody needs. */
static void put_line_end(struct postino_writer *w)
{
    postino_command_put_octet(w, '\r');
    postino_command_put_octet(w, '\n');
}

static void put_hex(struct postino_writer *w, ULONG number, unsigned digits)
{
    while (digits--)
        postino_command_put_octet(w, "0123456789ABCDEF"[number >> (4 * digits) & 15]);
}

/* No line of base64 or of what surrounds it begins like this; in a text only one that knows the number. */
static void put_boundary(struct postino_writer *w, const NX_SMTP_CLIENT *client)
{
    postino_command_put(w, "=_");
    put_hex(w, client->nx_smtp_client_mail_tag, 8);
}

void postino_nx_put_multipart(struct postino_writer *w, NX_SMTP_CLIENT *client)
{
    postino_command_put(w, "Content-Type: multipart/mixed; boundary=\"");
    put_boundary(w, client);
    postino_command_put(w, "\"\r\n\r\n--");
    put_boundary(w, client);
    put_line_end(w);
}

/* As it is between quotes, or percent-encoded where it is not ASCII (2231 4). */
static void put_name(struct postino_writer *w, const char *name)
{
    const char *at = name;
    while ((unsigned char)*at >= ' ' && (unsigned char)*at < 0x7F)
        at++;
    bool ascii = !*at;
    postino_command_put(w, ascii ? "filename=\"" : "filename*=utf-8''");
    for (; *name; name++) {
        unsigned char octet = (unsigned char)*name;
        bool letter = (octet >= '0' && octet <= '9') || ((octet | 0x20) >= 'a' && (octet | 0x20) <= 'z');
        if (!ascii && !letter && octet != '.' && octet != '-' && octet != '_') {
            postino_command_put_octet(w, '%');
            put_hex(w, octet, 2);
            continue;
        }
        if (ascii && (octet == '"' || octet == '\\'))
            postino_command_put_octet(w, '\\');
        postino_command_put_octet(w, *name);
    }
    if (ascii)
        postino_command_put_octet(w, '"');
}

void postino_nx_put_part(struct postino_writer *w, struct postino_nx_composed *composed)
{
    const NX_SMTP_ATTACHMENT *part = composed->part;
    postino_command_put(w, "\r\n--");
    put_boundary(w, composed->client);
    if (!part) {
        postino_command_put(w, "--\r\n");
        return;
    }
    postino_command_put(w, "\r\nContent-Type: ");
    postino_command_put(w, part->nx_smtp_attachment_content_type ? part->nx_smtp_attachment_content_type
                                                                 : "application/octet-stream");
    postino_command_put(w, "\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; ");
    put_name(w, part->nx_smtp_attachment_name);
    postino_command_put(w, "\r\n\r\n");
}

/* Encodes the next line. Only the last one is shorter than the others, however few octets come at a time. */
static bool next_line(struct postino_nx_composed *composed)
{
    char octets[LINE_OCTETS];
    size_t length = 0;
    ptrdiff_t got;
    while (length < sizeof octets && (got = postino_nx_data(composed, octets + length, sizeof octets - length)) != 0) {
        if (got < 0)
            return false;
        length += (size_t)got;
    }
    struct postino_writer w = {composed->line, sizeof composed->line, 0, 0, false};
    struct postino_response encoded = {&w, POSTINO_RESPONSE_EMPTY};
    for (size_t i = 0; i < length; i++)
        postino_response_put(&encoded, octets[i]);
    postino_response_end(&encoded);
    if (length)
        put_line_end(&w);
    composed->line_length = (uint8_t)w.length;
    composed->line_at = 0;
    return true;
}

ptrdiff_t postino_nx_lines(struct postino_nx_composed *composed, char *buffer, size_t size)
{
    if (composed->line_at == composed->line_length && !next_line(composed))
        return POSTINO_SOURCE_FAILED;
    size_t length = (size_t)(composed->line_length - composed->line_at);
    if (length > size)
        length = size;
    memcpy(buffer, composed->line + composed->line_at, length);
    composed->line_at = (uint8_t)(composed->line_at + length);
    return (ptrdiff_t)length;
}
