/* The services of NetX Duo's SMTP client. */
#include "nx_smtp_internal.h"

#include "nx_ip.h"

/* The room for a session in NX_SMTP_CLIENT is large enough, or this does not compile. */
typedef char postino_nx_session_fits
    [sizeof(struct postino_session) <= sizeof(((NX_SMTP_CLIENT *)0)->nx_smtp_client_session) ? 1 : -1];

/* From the first one on: LOGIN is preferred; from the second one on: PLAIN. */
static const struct postino_mechanism *const mechanisms[] = {&postino_login, &postino_plain, &postino_login, NULL};

struct postino_session *postino_nx_session(NX_SMTP_CLIENT *client)
{
    return (struct postino_session *)&client->nx_smtp_client_session;
}

/* Copies a string of at most `limit` octets. */
static UINT copy(CHAR *to, const CHAR *from, UINT limit)
{
    size_t length = strlen(from);
    if (length > limit)
        return NX_SIZE_ERROR;
    memcpy(to, from, length + 1);
    return NX_SUCCESS;
}

UINT _nxd_smtp_client_create(NX_SMTP_CLIENT *client_ptr, NX_IP *ip_ptr, NX_PACKET_POOL *client_packet_pool_ptr,
                             CHAR *username, CHAR *password, CHAR *from_address, CHAR *client_domain,
                             UINT authentication_type, NXD_ADDRESS *server_address, UINT port)
{
    NX_SMTP_CLIENT *client = client_ptr;
    memset(client, 0, sizeof *client);
    if (copy(client->nx_smtp_username, username, NX_SMTP_CLIENT_MAX_USERNAME) ||
        copy(client->nx_smtp_password, password, NX_SMTP_CLIENT_MAX_PASSWORD) ||
        copy(client->nx_smtp_client_domain, client_domain, NX_SMTP_CLIENT_MAX_USERNAME))
        return NX_SIZE_ERROR;
    client->nx_smtp_server_address = *server_address;
    client->nx_smtp_server_port = (USHORT)port;
    client->nx_smtp_client_mail.nx_smtp_client_mail_from_address = from_address;
    client->nx_smtp_client_authentication_type = authentication_type;
    client->nx_smtp_client_ip_ptr = ip_ptr;
    client->nx_smtp_client_packet_pool_ptr = client_packet_pool_ptr;
    client->nx_smtp_client_layer = &postino_nx_tcp;
    client->nx_smtp_client_id = NX_SMTP_CLIENT_ID;
    UINT status = nx_tcp_socket_create(ip_ptr, &client->nx_smtp_client_socket, "SMTP", NX_IP_NORMAL, NX_FRAGMENT_OKAY,
                                       NX_IP_TIME_TO_LIVE, NX_SMTP_CLIENT_TCP_WINDOW_SIZE, NX_NULL, NX_NULL);
    client->nx_smtp_client_init_status = !status;
    return status;
}

UINT _nxde_smtp_client_create(NX_SMTP_CLIENT *client_ptr, NX_IP *ip_ptr, NX_PACKET_POOL *client_packet_pool_ptr,
                              CHAR *username, CHAR *password, CHAR *from_address, CHAR *client_domain,
                              UINT authentication_type, NXD_ADDRESS *server_address, UINT port)
{
    if (!client_ptr || !ip_ptr || !client_packet_pool_ptr || !username || !password || !from_address ||
        !client_domain || !server_address)
        return NX_PTR_ERROR;
    if (ip_ptr->nx_ip_id != NX_IP_ID)
        return NX_SMTP_INVALID_PARAM;
    if (server_address->nxd_ip_version != NX_IP_VERSION_V4 && server_address->nxd_ip_version != NX_IP_VERSION_V6)
        return NX_IP_ADDRESS_ERROR;
    return _nxd_smtp_client_create(client_ptr, ip_ptr, client_packet_pool_ptr, username, password, from_address,
                                   client_domain, authentication_type, server_address, port);
}

UINT _nx_smtp_client_delete(NX_SMTP_CLIENT *client_ptr)
{
    postino_nx_layer(client_ptr)->close(client_ptr);
    UINT status = nx_tcp_socket_delete(&client_ptr->nx_smtp_client_socket);
    if (!status)
        memset(client_ptr, 0, sizeof *client_ptr);
    return status;
}

UINT _nxe_smtp_client_delete(NX_SMTP_CLIENT *client_ptr)
{
    if (!client_ptr || client_ptr->nx_smtp_client_id != NX_SMTP_CLIENT_ID)
        return NX_PTR_ERROR;
    return _nx_smtp_client_delete(client_ptr);
}

/* No octet in it ends a line or a path; the server is the judge of the rest. */
bool postino_nx_sound(const char *text, bool path)
{
    for (; *text; text++) {
        unsigned char octet = (unsigned char)*text;
        if (octet < ' ' || octet == 0x7F || octet == '<' || octet == '>' || octet == ' ')
            if (path || octet < ' ')
                return false;
    }
    return true;
}

#ifdef NX_SMTP_CLIENT_AUTH_NONE_USES_PLAIN
static enum postino_reason next_where_offered(struct postino_session *s)
{
    return s->offers & POSTINO_OFFERS_AUTH ? postino_auth_basic.next(s) : POSTINO_REASON_REPLY;
}

/* Without a type, AUTH is spoken where the server offers it; what is not offered is tried as PLAIN. */
static const struct postino_opening *choose(struct postino_nx_dialogue *dialogue, UINT type)
{
    dialogue->sasl.unoffered = &postino_plain;
    if (type != NX_SMTP_CLIENT_AUTH_NONE)
        return &postino_auth_basic;
    dialogue->where_offered = postino_auth_basic;
    dialogue->where_offered.next = next_where_offered;
    return &dialogue->where_offered;
}
#else
static const struct postino_opening *choose(struct postino_nx_dialogue *dialogue, UINT type)
{
    dialogue->sasl.unoffered = dialogue->sasl.mechanisms[0];
    return type == NX_SMTP_CLIENT_AUTH_NONE ? NULL : &postino_auth_basic;
}
#endif

static void introduce(NX_SMTP_CLIENT *client, struct postino_nx_dialogue *dialogue)
{
    UINT type = client->nx_smtp_client_authentication_type;
    struct postino_sasl *sasl = &dialogue->sasl;
    sasl->mechanisms = mechanisms + (type != NX_SMTP_CLIENT_AUTH_LOGIN);
    sasl->identity = client->nx_smtp_username;
    sasl->user = client->nx_smtp_username;
    sasl->password = client->nx_smtp_password;
    sasl->in_clear = true;
    sasl->unlisted = &postino_plain;
    dialogue->config.sasl = sasl;
    dialogue->config.opening[1] = choose(dialogue, type);
}

/* Connects, and begins a session of a client that says little and waits for each reply. */
UINT postino_nx_open(NX_SMTP_CLIENT *client, struct postino_nx_dialogue *dialogue)
{
    UINT status = postino_nx_connect(client);
    if (status)
        return status;
    memset(dialogue, 0, sizeof *dialogue);
    dialogue->config.name = client->nx_smtp_client_domain;
    dialogue->config.text = client->nx_smtp_client_reply_text;
    dialogue->config.text_size = sizeof client->nx_smtp_client_reply_text;
    dialogue->config.extensions = client->nx_smtp_client_extensions;
    dialogue->config.lenient = &postino_lenient;
    introduce(client, dialogue);
    postino_session_begin(postino_nx_session(client), &dialogue->config);
    if (client->nx_smtp_client_begin) /* what new calls have asked for */
        client->nx_smtp_client_begin(client, dialogue);
    return NX_SUCCESS;
}

/* What became of a mail or a recipient, in the words of the services. */
UINT postino_nx_status(const NX_SMTP_CLIENT *client, const struct postino_result *result)
{
    static const UCHAR refused[] = {
        [POSTINO_STEP_GREETING] = NX_SMTP_GREET_REPLY_ERROR, [POSTINO_STEP_EHLO] = NX_SMTP_HELLO_REPLY_ERROR,
        [POSTINO_STEP_HELO] = NX_SMTP_HELLO_REPLY_ERROR,     [POSTINO_STEP_STARTTLS] = NX_SMTP_SERVER_ERROR_REPLY,
        [POSTINO_STEP_AUTH] = NX_SMTP_AUTH_REPLY_ERROR,      [POSTINO_STEP_RSET] = NX_SMTP_SERVER_ERROR_REPLY,
        [POSTINO_STEP_MAIL] = NX_SMTP_MAIL_REPLY_ERROR,      [POSTINO_STEP_RCPT] = NX_SMTP_RCPT_REPLY_ERROR,
        [POSTINO_STEP_DATA] = NX_SMTP_DATA_REPLY_ERROR,      [POSTINO_STEP_CONTENT] = NX_SMTP_MESSAGE_REPLY_ERROR,
    };
    if (result->outcome == POSTINO_ACCEPTED)
        return NX_SUCCESS;
    if (result->reason <= POSTINO_REASON_PROTOCOL)
        return refused[result->step];
    if (result->reason == POSTINO_REASON_NO_AUTH)
        return NX_SMTP_AUTHENTICATION_ERROR;
    return client->nx_smtp_client_mail_status ? client->nx_smtp_client_mail_status : NX_SMTP_INTERNAL_ERROR;
}

/* One mail, on a session that is ready for it. */
void postino_nx_transact(NX_SMTP_CLIENT *client, struct postino_mail *mail)
{
    struct postino_session *s = postino_nx_session(client);
    postino_session_take(s, mail);
    postino_nx_converse(client);
    postino_session_finished(s);
    client->nx_smtp_client_mail_outcome = mail->result.outcome;
    client->nx_smtp_client_reply_code_status = mail->result.code;
}

/* Says QUIT, and hangs up. Nothing depends on it any more: its reply is not kept. */
void postino_nx_leave(NX_SMTP_CLIENT *client, struct postino_nx_dialogue *dialogue)
{
    struct postino_session *s = postino_nx_session(client);
    dialogue->config.text_size = 0;
    if (s->awaited.step == POSTINO_STEP_GREETING && s->error.reason <= POSTINO_REASON_PROTOCOL) {
        /* The greeting was not SMTP. The session would say no more; servers of old test benches wait for QUIT. */
        s->closed = false;
        s->outstanding = 0;
        s->spoken.step = POSTINO_STEP_QUIT;
    }
    postino_session_quit(s);
    postino_nx_converse(client);
    postino_nx_layer(client)->close(client);
}

static UINT deliver_alone(NX_SMTP_CLIENT *client, struct postino_mail *mail)
{
    struct postino_nx_dialogue dialogue;
    UINT status = postino_nx_open(client, &dialogue);
    if (status)
        return status;
    postino_nx_transact(client, mail);
    status = postino_nx_status(client, &mail->result);
    postino_nx_leave(client, &dialogue);
    return status;
}

UINT postino_nx_deliver(NX_SMTP_CLIENT *client, struct postino_mail *mail)
{
    NX_SMTP_CONNECTION *connection = client->nx_smtp_client_connection;
    client->nx_smtp_client_mail_outcome = NX_SMTP_OUTCOME_NOT_TRIED;
    client->nx_smtp_client_mail_status = NX_SUCCESS;
    client->nx_smtp_client_reply_code_status = 0;
    client->nx_smtp_client_reply_text[0] = '\0';
    UINT status = connection ? connection->nx_smtp_connection_deliver(client, mail) : deliver_alone(client, mail);
    client->nx_smtp_client_mail_status = status;
    return status;
}

struct job {
    struct postino_nx_message message;
    struct postino_recipient recipient;
    struct postino_mail mail;
};

UINT _nx_smtp_mail_send(NX_SMTP_CLIENT *client_ptr, CHAR *recipient_address, UINT priority, CHAR *subject,
                        CHAR *mail_body, UINT mail_body_length)
{
    NX_SMTP_CLIENT_MAIL *mail = &client_ptr->nx_smtp_client_mail;
    struct job job = {.message = {.source = {.read = postino_nx_read}, .client = client_ptr}};
    if (client_ptr->nx_smtp_client_init_status != NX_TRUE)
        return NX_SMTP_CLIENT_NOT_INITIALIZED;
    /* A length taken by sizeof counts the NUL at the end of a string. */
    while (mail_body_length && !mail_body[mail_body_length - 1])
        mail_body_length--;
    if (!postino_nx_sound(recipient_address, true) || !postino_nx_sound(mail->nx_smtp_client_mail_from_address, true) ||
        !postino_nx_sound(client_ptr->nx_smtp_client_domain, true) || !postino_nx_sound(subject, false) ||
        memchr(mail_body, 0, mail_body_length))
        return NX_SMTP_INVALID_PARAM;
    job.recipient.address = recipient_address;
    job.mail.reverse_path = mail->nx_smtp_client_mail_from_address;
    job.mail.recipients = &job.recipient;
    job.mail.recipient_count = 1;
    job.mail.source = &job.message.source;
    mail->nx_smtp_client_mail_recipient_address = recipient_address;
    mail->nx_smtp_client_mail_priority = priority;
    mail->nx_smtp_client_mail_subject = subject;
    mail->nx_smtp_client_mail_body = mail_body;
    mail->nx_smtp_client_mail_body_length = mail_body_length;
    return postino_nx_deliver(client_ptr, &job.mail);
}

UINT _nxe_smtp_mail_send(NX_SMTP_CLIENT *client_ptr, CHAR *recipient_address, UINT priority, CHAR *subject,
                         CHAR *mail_body, UINT mail_body_length)
{
    if (!client_ptr || !recipient_address || !subject || !mail_body)
        return NX_PTR_ERROR;
    if (mail_body_length == 0)
        return NX_SMTP_INVALID_PARAM;
    if (!tx_thread_identify()) /* the services of NetX Duo refuse the other callers that they do not bear */
        return NX_CALLER_ERROR;
    return _nx_smtp_mail_send(client_ptr, recipient_address, priority, subject, mail_body, mail_body_length);
}
