/* A device that sends one mail: the example of the user guide, for NetX Duo and for its stand-in on Linux alike.
   See docs/netxduo.md; on Linux, NX_HOST_ROUTE="192.168.1.10:25=127.0.0.1:2525" tells where the server is. */
#include <stdio.h>

#include "tx_api.h"

#include "nx_api.h"
#include "nxd_smtp_client.h"

#define STACK_SIZE   2048
#define PAYLOAD_SIZE 1568
#define PACKETS      10
#define POOL_SIZE    ((PAYLOAD_SIZE + sizeof(NX_PACKET)) * PACKETS)

#define USERNAME     "ada"
#define PASSWORD     "secret"
#define FROM_ADDRESS "ada@example.com"
#define TO_ADDRESS   "bob@example.com"
#define LOCAL_DOMAIN "device.example.com"
#define SUBJECT      "The pump is running"
#define MAIL_BODY    "Hello Bob,\r\n\r\npressure 4.2 bar, temperature 61 C.\r\n.A line may begin with a dot.\r\n"

static TX_THREAD thread;
static NX_PACKET_POOL pool;
static NX_IP ip;
static NX_SMTP_CLIENT client;
static ULONG thread_stack[STACK_SIZE / sizeof(ULONG)];
static ULONG ip_stack[STACK_SIZE / sizeof(ULONG)];
static ULONG pool_memory[POOL_SIZE / sizeof(ULONG)];
static ULONG arp_memory[256];

/* The driver of your board; on Linux it is only a name. */
VOID _nx_linux_network_driver(struct NX_IP_DRIVER_STRUCT *driver_req_ptr);

static VOID send_mail(ULONG input)
{
    NXD_ADDRESS server;
    UINT status;

    NX_PARAMETER_NOT_USED(input);
    server.nxd_ip_version = NX_IP_VERSION_V4;
    server.nxd_ip_address.v4 = IP_ADDRESS(192, 168, 1, 10);

    status = nxd_smtp_client_create(&client, &ip, &pool, USERNAME, PASSWORD, FROM_ADDRESS, LOCAL_DOMAIN,
                                    NX_SMTP_CLIENT_AUTH_PLAIN, &server, 25);
    if (status != NX_SUCCESS) {
        printf("The client was not created: 0x%02X\n", status);
        return;
    }
    status =
        nx_smtp_mail_send(&client, TO_ADDRESS, NX_SMTP_MAIL_PRIORITY_HIGH, SUBJECT, MAIL_BODY, sizeof(MAIL_BODY) - 1);
    if (status == NX_SUCCESS)
        printf("The server took the mail: %s\n", client.nx_smtp_client_reply_text);
    else
        printf("The mail was not sent: 0x%02X, reply %u %s\n", status, client.nx_smtp_client_reply_code_status,
               client.nx_smtp_client_reply_text);
    status = nx_smtp_client_delete(&client);
    if (status != NX_SUCCESS)
        printf("The client was not deleted: 0x%02X\n", status);
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
    status += tx_thread_create(&thread, "mail", send_mail, 0, thread_stack, sizeof(thread_stack), 4, 4,
                               TX_NO_TIME_SLICE, TX_AUTO_START);
    if (status != 0)
        printf("The network does not start.\n");
}

int main(void)
{
    tx_kernel_enter();
    return 0;
}
