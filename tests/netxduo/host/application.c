/* The shape of a NetX application: everything is made in tx_application_define, and a thread of it talks. The same
   file is compiled as C++ too. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "nx_host.h"
#include "nx_ip.h"
#include "nx_ipv6.h"
#include "nx_secure_tls_api.h"

#define SERVER_ADDRESS IP_ADDRESS(1, 2, 3, 4)
#define SERVER_PORT    25

static NX_PACKET_POOL ip_packet_pool;
static NX_PACKET_POOL client_packet_pool;
static NX_IP client_ip;
static NX_TCP_SOCKET client_socket;
static TX_THREAD client_thread;
static TX_THREAD idle_thread;
static int listener;
static UINT initialization_status;
static UINT conversation_status;
static bool thread_in_initialization;

static UINT setup_of_tls(NX_SECURE_TLS_SESSION *session)
{
    return session == NULL ? NX_PTR_ERROR : NX_SUCCESS;
}

static UINT converse(void)
{
    NX_PACKET *packet;
    CHAR line[] = "QUIT\r\n";
    UINT status = nx_tcp_client_socket_connect(&client_socket, SERVER_ADDRESS, SERVER_PORT, 5 * NX_IP_PERIODIC_RATE);
    if (status != NX_SUCCESS) {
        return status;
    }
    int connection = accept(listener, NULL, NULL);
    bool greeted = send(connection, "220 x\r\n", 7, MSG_NOSIGNAL) == 7;
    status = nx_tcp_socket_receive(&client_socket, &packet, NX_IP_PERIODIC_RATE);
    if (status == NX_SUCCESS) {
        status = nx_packet_release(packet);
    }
    status |= nx_packet_allocate(&client_packet_pool, &packet, NX_TCP_PACKET, NX_IP_PERIODIC_RATE);
    status |= nx_packet_data_append(packet, line, 6, &client_packet_pool, NX_IP_PERIODIC_RATE);
    status |= nx_tcp_socket_send(&client_socket, packet, NX_IP_PERIODIC_RATE);
    bool quitted = recv(connection, line, 6, MSG_WAITALL) == 6;
    close(connection);
    status |= nx_tcp_socket_disconnect(&client_socket, NX_IP_PERIODIC_RATE);
    return greeted && quitted ? status : NX_NOT_SUCCESSFUL;
}

static void client_entry(ULONG info)
{
    ULONG actual;
    NX_PARAMETER_NOT_USED(info);
    tx_thread_sleep(1);
    UINT status = nx_ip_status_check(&client_ip, NX_IP_INITIALIZE_DONE, &actual, NX_IP_PERIODIC_RATE);
    status |= nx_tcp_socket_create(&client_ip, &client_socket, (CHAR *)"client", NX_IP_NORMAL, NX_DONT_FRAGMENT,
                                   NX_IP_TIME_TO_LIVE, 1460, NX_NULL, NX_NULL);
    status |= nx_tcp_client_socket_bind(&client_socket, NX_ANY_PORT, NX_IP_PERIODIC_RATE);
    status |= converse();
    status |= nx_tcp_client_socket_unbind(&client_socket);
    status |= nx_tcp_socket_delete(&client_socket);
    conversation_status = status;
}

VOID tx_application_define(VOID *first_unused_memory)
{
    CHAR *memory = (CHAR *)first_unused_memory;
    thread_in_initialization = tx_thread_identify() != TX_NULL;
    UINT status = nx_packet_pool_create(&ip_packet_pool, (CHAR *)"ip", 512, memory, 2048);
    memory += 2048;
    status |= nx_packet_pool_create(&client_packet_pool, (CHAR *)"client", 800, memory, 10 * 800);
    memory += 10 * 800;
    nx_system_initialize();
    status |= tx_thread_create(&client_thread, (CHAR *)"client", client_entry, 0, memory, 4096, 16, 16,
                               TX_NO_TIME_SLICE, TX_DONT_START);
    memory += 4096;
    status |= tx_thread_create(&idle_thread, (CHAR *)"idle", client_entry, 0, memory, 4096, 17, 17, TX_NO_TIME_SLICE,
                               TX_DONT_START);
    memory += 4096;
    status |= nx_ip_create(&client_ip, (CHAR *)"ip", IP_ADDRESS(1, 2, 3, 5), 0xFFFFFF00UL, &ip_packet_pool,
                           _nx_ram_network_driver, memory, 2048, 1);
    memory += 2048;
    status |= nx_arp_enable(&client_ip, (VOID *)memory, 1040);
    status |= nx_tcp_enable(&client_ip);
    status |= nx_icmp_enable(&client_ip);
    status |= tx_thread_resume(&client_thread);
    initialization_status = status;
}

static void runs_and_ends_when_no_thread_is_left(void)
{
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    listener = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(bind(listener, (struct sockaddr *)&address, sizeof address) == 0 && listen(listener, 1) == 0);
    CHECK(getsockname(listener, (struct sockaddr *)&address, &size) == 0);
    char rule[64];
    snprintf(rule, sizeof rule, "1.2.3.4:25=127.0.0.1:%u", ntohs(address.sin_port));
    setenv("NX_HOST_ROUTE", rule, 1);
    conversation_status = 99;
    tx_kernel_enter();
    CHECK_NUMBER(initialization_status, 0);
    CHECK_NUMBER(conversation_status, 0);
    CHECK(!thread_in_initialization);
    CHECK_NUMBER(setup_of_tls(NULL), NX_PTR_ERROR);
    CHECK_NUMBER(nx_host_packets_out(&ip_packet_pool) + nx_host_packets_out(&client_packet_pool), 0);
    CHECK_NUMBER(nx_host_violations(), 0);
    close(listener);
}

static void encodes_base64_and_measures_strings(void)
{
    UCHAR text[] = "any carnal pleas";
    UCHAR encoded[32], decoded[32];
    UINT length;
    CHAR name[] = "name";
    CHECK_NUMBER(_nx_utility_base64_encode(text, 16, encoded, sizeof encoded, &length), NX_SUCCESS);
    CHECK_TEXT((char *)encoded, "YW55IGNhcm5hbCBwbGVhcw==");
    CHECK_NUMBER(length, 24);
    CHECK_NUMBER(_nx_utility_base64_encode(text, 16, encoded, 24, &length), NX_SIZE_ERROR);
    CHECK_NUMBER(_nx_utility_base64_decode(encoded, 24, decoded, sizeof decoded, &length), NX_SUCCESS);
    CHECK(length == 16 && strcmp((char *)decoded, "any carnal pleas") == 0);
    CHECK_NUMBER(_nx_utility_string_length_check(name, &length, 4), NX_SUCCESS);
    CHECK_NUMBER(length, 4);
    CHECK_NUMBER(_nx_utility_string_length_check(name, &length, 3), NX_SIZE_ERROR);
}

int main(void)
{
    RUN(runs_and_ends_when_no_thread_is_left);
    RUN(encodes_base64_and_measures_strings);
    return CHECK_EXIT();
}
