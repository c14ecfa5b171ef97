/* What NetX Duo's own client has not: a mail to several recipients with a text that is made as it is sent, and an
   attachment; then a second one on the same connection. See docs/netxduo.md. */
#include <stdio.h>
#include <string.h>

#include "tx_api.h"

#include "nx_api.h"
#include "nxd_smtp_client.h"

#define STACK_SIZE   3072
#define PAYLOAD_SIZE 1568
#define PACKETS      10
#define POOL_SIZE    ((PAYLOAD_SIZE + sizeof(NX_PACKET)) * PACKETS)

static TX_THREAD thread;
static NX_PACKET_POOL pool;
static NX_IP ip;
static NX_SMTP_CLIENT client;
static NX_SMTP_CONNECTION connection;
static ULONG thread_stack[STACK_SIZE / sizeof(ULONG)];
static ULONG ip_stack[2048 / sizeof(ULONG)];
static ULONG pool_memory[POOL_SIZE / sizeof(ULONG)];
static ULONG arp_memory[256];

VOID _nx_linux_network_driver(struct NX_IP_DRIVER_STRUCT *driver_req_ptr);

/* The clock of the device, in seconds since 1970. */
static ULONG now(VOID)
{
    return 1767225600;
}

struct table {
    UINT row;
    UINT rows;
};

/* The next row of a table that never stands in memory as a whole. */
static UINT read_row(VOID *context, UCHAR *buffer, UINT size, UINT *length)
{
    struct table *table = context;
    CHAR row[40];
    int octets = snprintf(row, sizeof(row), "%3u  %u.%u bar\r\n", table->row, 4 + table->row % 3, table->row * 7 % 10);

    *length = 0;
    if (table->row == table->rows || (UINT)octets > size)
        return table->row == table->rows ? NX_SUCCESS : NX_SIZE_ERROR;
    memcpy(buffer, row, (size_t)octets);
    *length = (UINT)octets;
    table->row++;
    return NX_SUCCESS;
}

static VOID send_one(NX_SMTP_MAIL *mail)
{
    static const CHAR *const outcomes[] = {"not tried", "accepted", "refused for now", "refused for good", "uncertain"};
    NX_SMTP_REPLY reply;
    UINT i, status = nx_smtp_mail_send_extended(&client, mail);

    nx_smtp_client_reply_get(&client, &reply);
    printf("0x%02X: %s, %u %u.%u.%u %s\n", status, outcomes[reply.nx_smtp_reply_outcome], reply.nx_smtp_reply_code,
           reply.nx_smtp_reply_class, reply.nx_smtp_reply_subject, reply.nx_smtp_reply_detail,
           reply.nx_smtp_reply_text);
    for (i = 0; i < mail->nx_smtp_mail_to_count + mail->nx_smtp_mail_cc_count; i++)
        printf("  %s: %s\n", mail->nx_smtp_mail_recipients[i].nx_smtp_recipient_address,
               outcomes[mail->nx_smtp_mail_recipients[i].nx_smtp_recipient_outcome]);
}

static VOID send_report(ULONG input)
{
    static UCHAR picture[2000];
    NX_SMTP_RECIPIENT recipients[2];
    NX_SMTP_ATTACHMENT attachment;
    NX_SMTP_MAIL mail;
    NXD_ADDRESS server;
    struct table table = {0, 20};

    NX_PARAMETER_NOT_USED(input);
    server.nxd_ip_version = NX_IP_VERSION_V4;
    server.nxd_ip_address.v4 = IP_ADDRESS(192, 168, 1, 10);
    if (nxd_smtp_client_create(&client, &ip, &pool, "", "", "ada@example.com", "device.example.com",
                               NX_SMTP_CLIENT_AUTH_NONE, &server, 25) != NX_SUCCESS)
        return;
    nx_smtp_client_time_function_set(&client, now);
    nx_smtp_client_pipelining_set(&client, NX_TRUE);
    nx_smtp_client_connection_keep(&client, &connection);

    memset(&mail, 0, sizeof(mail));
    memset(recipients, 0, sizeof(recipients));
    recipients[0].nx_smtp_recipient_address = "bob@example.com";
    recipients[1].nx_smtp_recipient_address = "carol@example.com";
    mail.nx_smtp_mail_recipients = recipients;
    mail.nx_smtp_mail_to_count = 1;
    mail.nx_smtp_mail_cc_count = 1;
    mail.nx_smtp_mail_subject = "Bericht der Pumpe Nr. 7: Druck für 20 Minuten";
    mail.nx_smtp_mail_body_read = read_row;
    mail.nx_smtp_mail_body_context = &table;
    send_one(&mail);

    memset(&attachment, 0, sizeof(attachment));
    attachment.nx_smtp_attachment_name = "sight glass.bin";
    attachment.nx_smtp_attachment_data = picture;
    attachment.nx_smtp_attachment_length = sizeof(picture);
    mail.nx_smtp_mail_subject = "A picture";
    mail.nx_smtp_mail_body_read = NX_NULL;
    mail.nx_smtp_mail_body = "The sight glass, see attachment.\r\n";
    mail.nx_smtp_mail_body_length = (UINT)strlen(mail.nx_smtp_mail_body);
    mail.nx_smtp_mail_attachments = &attachment;
    send_one(&mail);

    nx_smtp_client_connection_release(&client);
    nx_smtp_client_delete(&client);
}

VOID tx_application_define(VOID *first_unused_memory)
{
    UINT status;

    NX_PARAMETER_NOT_USED(first_unused_memory);
    nx_system_initialize();
    status = nx_packet_pool_create(&pool, "pool", PAYLOAD_SIZE, pool_memory, sizeof(pool_memory));
    status += nx_ip_create(&ip, "ip", IP_ADDRESS(192, 168, 1, 2), 0xFFFFFF00UL, &pool, _nx_linux_network_driver,
                           ip_stack, sizeof(ip_stack), 1);
    status += nx_arp_enable(&ip, arp_memory, sizeof(arp_memory));
    status += nx_tcp_enable(&ip);
    status += tx_thread_create(&thread, "mail", send_report, 0, thread_stack, sizeof(thread_stack), 4, 4,
                               TX_NO_TIME_SLICE, TX_AUTO_START);
    if (status != 0)
        printf("The network does not start.\n");
}

int main(void)
{
    tx_kernel_enter();
    return 0;
}
