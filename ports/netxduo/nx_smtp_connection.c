/* Several mails on one connection. */
#include "nx_smtp_internal.h"

typedef char postino_nx_dialogue_fits
    [sizeof(struct postino_nx_dialogue) <= sizeof(((NX_SMTP_CONNECTION *)0)->nx_smtp_connection_room) ? 1 : -1];

static struct postino_nx_dialogue *dialogue_of(NX_SMTP_CONNECTION *connection)
{
    return (struct postino_nx_dialogue *)&connection->nx_smtp_connection_room;
}

static void leave(NX_SMTP_CLIENT *client)
{
    NX_SMTP_CONNECTION *connection = client->nx_smtp_client_connection;
    if (connection->nx_smtp_connection_open)
        postino_nx_leave(client, dialogue_of(connection));
    connection->nx_smtp_connection_open = NX_FALSE;
}

static UINT deliver_once(NX_SMTP_CLIENT *client, struct postino_mail *mail)
{
    NX_SMTP_CONNECTION *connection = client->nx_smtp_client_connection;
    UINT status = NX_SUCCESS;
    if (!connection->nx_smtp_connection_open)
        status = postino_nx_open(client, dialogue_of(connection));
    if (status)
        return status;
    connection->nx_smtp_connection_open = NX_TRUE;
    postino_nx_transact(client, mail);
    status = postino_nx_status(client, &mail->result);
    if (postino_nx_session(client)->closed || postino_nx_session(client)->failed)
        leave(client);
    return status;
}

/* The server ended an idle connection: nothing of the mail was taken, so it can be said again to a new one. */
static bool idle_end(const NX_SMTP_CLIENT *client, const struct postino_mail *mail)
{
    return !client->nx_smtp_client_connection->nx_smtp_connection_open && !mail->is.open &&
           (mail->result.outcome == POSTINO_NOT_TRIED || mail->result.outcome == POSTINO_REFUSED_FOR_NOW);
}

static UINT deliver(NX_SMTP_CLIENT *client, VOID *argument)
{
    struct postino_mail *mail = argument;
    bool reused = client->nx_smtp_client_connection->nx_smtp_connection_open;
    UINT status = deliver_once(client, mail);
    if (!reused || !idle_end(client, mail))
        return status;
    for (uint32_t i = 0; i < mail->recipient_count; i++)
        mail->recipients[i].result.outcome = POSTINO_NOT_TRIED;
    client->nx_smtp_client_mail_status = NX_SUCCESS;
    return deliver_once(client, mail);
}

UINT nx_smtp_client_connection_keep(NX_SMTP_CLIENT *client_ptr, NX_SMTP_CONNECTION *connection_ptr)
{
    if (!client_ptr || !connection_ptr || client_ptr->nx_smtp_client_id != NX_SMTP_CLIENT_ID)
        return NX_PTR_ERROR;
    if (client_ptr->nx_smtp_client_connection)
        return NX_ALREADY_ENABLED;
    connection_ptr->nx_smtp_connection_open = NX_FALSE;
    connection_ptr->nx_smtp_connection_deliver = deliver;
    client_ptr->nx_smtp_client_connection = connection_ptr;
    return NX_SUCCESS;
}

UINT nx_smtp_client_connection_release(NX_SMTP_CLIENT *client_ptr)
{
    if (!client_ptr || client_ptr->nx_smtp_client_id != NX_SMTP_CLIENT_ID)
        return NX_PTR_ERROR;
    if (!client_ptr->nx_smtp_client_connection)
        return NX_NOT_ENABLED;
    leave(client_ptr);
    client_ptr->nx_smtp_client_connection = NX_NULL;
    return NX_SUCCESS;
}
