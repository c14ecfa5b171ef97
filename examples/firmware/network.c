/* The board's Ethernet as a network interface of lwIP. */
#include "network.h"
#include "board.h"

#include <lwip/dns.h>
#include <lwip/etharp.h>
#include <lwip/ethip6.h>
#include <lwip/init.h>
#include <lwip/netif.h>
#include <lwip/timeouts.h>
#include <stdbool.h>
#include <string.h>

static struct netif interface;
static uint32_t frame[(BOARD_FRAME_MAX + 3) / 4]; /* in words, as the chips take them */

uint32_t sys_now(void)
{
    return board_ms();
}

uint32_t firmware_random(void)
{
    uint32_t number;
    return board_random(&number, sizeof number) ? number : board_ms();
}

void firmware_assertion(const char *message)
{
    board_print(message);
    board_print("\n");
    board_exit(124);
}

static err_t send_frame(struct netif *netif, struct pbuf *octets)
{
    (void)netif;
    if (octets->tot_len > sizeof frame)
        return ERR_BUF;
    pbuf_copy_partial(octets, frame, octets->tot_len, 0);
    return board_ethernet_send(frame, octets->tot_len) ? ERR_OK : ERR_MEM; /* TCP sends it again */
}

static void receive_frame(size_t length)
{
    struct pbuf *octets = pbuf_alloc(PBUF_RAW, (u16_t)length, PBUF_POOL);
    if (!octets) /* it comes again */
        return;
    pbuf_take(octets, frame, (u16_t)length);
    if (interface.input(octets, &interface) != ERR_OK)
        pbuf_free(octets);
}

static err_t begin(struct netif *netif)
{
    static const uint8_t address[] = {0x02, 'P', 'o', 's', 't', 1};
    memcpy(netif->hwaddr, address, sizeof address);
    netif->hwaddr_len = sizeof address;
    netif->mtu = 1500;
    netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET | NETIF_FLAG_LINK_UP;
    netif->output = etharp_output;
    netif->output_ip6 = ethip6_output;
    netif->linkoutput = send_frame;
    netif->name[0] = 'e';
    netif->name[1] = 'n';
    board_ethernet_begin(address);
    return ERR_OK;
}

void network_begin(const char *address, const char *address6, const char *gateway, const char *dns)
{
    ip4_addr_t own, mask, way;
    ip6_addr_t own6;
    ip_addr_t server;
    lwip_init();
    ip4addr_aton(address, &own);
    ip4addr_aton(gateway, &way);
    ip4addr_aton("255.255.255.0", &mask);
    netif_add(&interface, &own, &mask, &way, NULL, begin, netif_input);
    netif_create_ip6_linklocal_address(&interface, 1);
    if (ip6addr_aton(address6, &own6)) {
        s8_t place;
        netif_add_ip6_address(&interface, &own6, &place);
    }
    netif_set_default(&interface);
    netif_set_up(&interface);
    if (ipaddr_aton(dns, &server))
        dns_setserver(0, &server);
}

void network_run(void)
{
    size_t length;
    bool idle = true;
    while ((length = board_ethernet_receive(frame, sizeof frame)) > 0) {
        receive_frame(length);
        idle = false;
    }
    sys_check_timeouts();
    if (idle)
        board_idle();
}
