/* Pipelining, and what the server said. */
#include "nx_smtp_internal.h"

enum {
    NONE = 0xFFFF /* no enhanced code's */
};

static const struct postino_extension *const fast[] = {&postino_pipelining, &postino_8bitmime, NULL};

UINT nx_smtp_client_pipelining_set(NX_SMTP_CLIENT *client_ptr, UINT enable)
{
    if (!client_ptr || client_ptr->nx_smtp_client_id != NX_SMTP_CLIENT_ID)
        return NX_PTR_ERROR;
    client_ptr->nx_smtp_client_extensions = enable ? fast : NX_NULL;
    return NX_SUCCESS;
}

UINT nx_smtp_client_reply_get(NX_SMTP_CLIENT *client_ptr, NX_SMTP_REPLY *reply_ptr)
{
    if (!client_ptr || !reply_ptr || client_ptr->nx_smtp_client_id != NX_SMTP_CLIENT_ID)
        return NX_PTR_ERROR;
    UINT code = client_ptr->nx_smtp_client_reply_code_status;
    struct postino_result said = {.code = (uint16_t)code, .subject = NONE};
    if (code)
        postino_enhanced.read(&said, client_ptr->nx_smtp_client_reply_text);
    reply_ptr->nx_smtp_reply_outcome = client_ptr->nx_smtp_client_mail_outcome;
    reply_ptr->nx_smtp_reply_code = code;
    reply_ptr->nx_smtp_reply_class = said.subject == NONE ? 0 : code / 100;
    reply_ptr->nx_smtp_reply_subject = said.subject == NONE ? 0 : said.subject;
    reply_ptr->nx_smtp_reply_detail = said.detail;
    reply_ptr->nx_smtp_reply_text = client_ptr->nx_smtp_client_reply_text;
    return NX_SUCCESS;
}
