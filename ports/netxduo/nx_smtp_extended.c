/* A mail with several recipients, a text of any length, attachments. */
#include "nx_smtp_composed.h"

/* NX_SMTP_RECIPIENT is the engine's own struct by the names of NetX, so that a list of them needs no second one. */
#define SAME_PLACE(ours, member)                                                                                       \
    (offsetof(NX_SMTP_RECIPIENT, nx_smtp_recipient_##ours) == offsetof(struct postino_recipient, member))
typedef char postino_nx_recipients_agree[sizeof(NX_SMTP_RECIPIENT) == sizeof(struct postino_recipient) &&
                                                 SAME_PLACE(address, address) && SAME_PLACE(outcome, result.outcome) &&
                                                 SAME_PLACE(status, result.step) && SAME_PLACE(reason, result.reason) &&
                                                 SAME_PLACE(reply_code, result.code) &&
                                                 SAME_PLACE(private, result.subject) &&
                                                 SAME_PLACE(text_size, result.text_size) &&
                                                 SAME_PLACE(text, result.text) && SAME_PLACE(unused, parameters)
                                             ? 1
                                             : -1];

static UINT count(const NX_SMTP_MAIL *mail)
{
    return mail->nx_smtp_mail_to_count + mail->nx_smtp_mail_cc_count + mail->nx_smtp_mail_bcc_count;
}

static UINT check_recipients(const NX_SMTP_MAIL *mail)
{
    const NX_SMTP_RECIPIENT *recipient = mail->nx_smtp_mail_recipients;
    for (UINT i = 0; i < count(mail); i++, recipient++) {
        if (!recipient->nx_smtp_recipient_address)
            return NX_PTR_ERROR;
        if (!postino_nx_sound(recipient->nx_smtp_recipient_address, true))
            return NX_SMTP_INVALID_PARAM;
    }
    return count(mail) ? NX_SUCCESS : NX_SMTP_INVALID_PARAM;
}

static UINT check_attachments(const NX_SMTP_MAIL *mail)
{
    for (const NX_SMTP_ATTACHMENT *at = mail->nx_smtp_mail_attachments; at; at = at->nx_smtp_attachment_next) {
        if (!at->nx_smtp_attachment_name || (!at->nx_smtp_attachment_data && !at->nx_smtp_attachment_read))
            return NX_PTR_ERROR;
        if (!postino_nx_sound(at->nx_smtp_attachment_name, false) ||
            (at->nx_smtp_attachment_content_type && !postino_nx_sound(at->nx_smtp_attachment_content_type, false)))
            return NX_SMTP_INVALID_PARAM;
    }
    return NX_SUCCESS;
}

static UINT check(const NX_SMTP_CLIENT *client, const NX_SMTP_MAIL *mail)
{
    if (!mail->nx_smtp_mail_recipients || !mail->nx_smtp_mail_subject ||
        (!mail->nx_smtp_mail_body && !mail->nx_smtp_mail_body_read))
        return NX_PTR_ERROR;
    if (!postino_nx_sound(client->nx_smtp_client_mail.nx_smtp_client_mail_from_address, true) ||
        !postino_nx_sound(client->nx_smtp_client_domain, true) || !postino_nx_sound(mail->nx_smtp_mail_subject, false))
        return NX_SMTP_INVALID_PARAM;
    if (!mail->nx_smtp_mail_body_read && memchr(mail->nx_smtp_mail_body, '\0', mail->nx_smtp_mail_body_length))
        return NX_SMTP_INVALID_PARAM;
    UINT status = check_recipients(mail);
    return status ? status : check_attachments(mail);
}

static UINT send_composed(NX_SMTP_CLIENT *client, NX_SMTP_MAIL *mail)
{
    struct postino_nx_composed composed = {
        .source = {.read = postino_nx_composed_read}, .client = client, .mail = mail};
    struct postino_recipient *recipients = (struct postino_recipient *)mail->nx_smtp_mail_recipients;
    struct postino_mail transaction = {
        .reverse_path = client->nx_smtp_client_mail.nx_smtp_client_mail_from_address,
        .recipients = recipients,
        .recipient_count = count(mail),
        .source = &composed.source,
    };
    client->nx_smtp_client_mail.nx_smtp_client_mail_subject = mail->nx_smtp_mail_subject;
    client->nx_smtp_client_mail.nx_smtp_client_mail_priority = mail->nx_smtp_mail_priority;
    client->nx_smtp_client_mail_tag = ((ULONG)NX_RAND() << 16 ^ (ULONG)NX_RAND() ^ tx_time_get()) & 0xFFFFFFFF;
    UINT status = postino_nx_deliver(client, &transaction);
    for (UINT i = 0; i < count(mail); i++)
        recipients[i].result.step = (uint8_t)postino_nx_status(client, &recipients[i].result);
    return status;
}

UINT nx_smtp_mail_send_extended(NX_SMTP_CLIENT *client_ptr, NX_SMTP_MAIL *mail_ptr)
{
    if (!client_ptr || !mail_ptr || client_ptr->nx_smtp_client_id != NX_SMTP_CLIENT_ID)
        return NX_PTR_ERROR;
    if (!tx_thread_identify())
        return NX_CALLER_ERROR;
    if (client_ptr->nx_smtp_client_init_status != NX_TRUE)
        return NX_SMTP_CLIENT_NOT_INITIALIZED;
    UINT status = check(client_ptr, mail_ptr);
    if (status)
        return status;
    for (UINT i = 0; i < count(mail_ptr); i++) {
        NX_SMTP_RECIPIENT *recipient = &mail_ptr->nx_smtp_mail_recipients[i];
        recipient->nx_smtp_recipient_outcome = NX_SMTP_OUTCOME_NOT_TRIED;
        recipient->nx_smtp_recipient_reply_code = 0;
        if (!recipient->nx_smtp_recipient_text)
            recipient->nx_smtp_recipient_text_size = 0;
    }
    return send_composed(client_ptr, mail_ptr);
}
