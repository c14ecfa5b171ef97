/* IP instances: addresses and switches. No packet passes here; sockets of the host carry the data. */
#include "host.h"

#define ICMP_ENABLED ((ULONG)0x10000) /* beside the public NX_IP_..._ENABLED bits */

NX_IP *nxh_ips;

bool nxh_ip_valid(const NX_IP *ip)
{
    return ip != NULL && ip->nx_ip_id == NX_IP_ID;
}

VOID nx_system_initialize(VOID)
{
    nxh_lock();
    nxh_unlock();
}

bool nxh_address_valid(ULONG address)
{
    return address != NX_IP_LIMITED_BROADCAST && (address & NX_IP_CLASS_D_MASK) != NX_IP_CLASS_D_TYPE;
}

UINT nx_ip_create(NX_IP *ip_ptr, CHAR *name, ULONG ip_address, ULONG network_mask, NX_PACKET_POOL *default_pool,
                  VOID (*ip_link_driver)(struct NX_IP_DRIVER_STRUCT *), VOID *memory_ptr, ULONG memory_size,
                  UINT priority)
{
    UINT status = nxh_enter("nx_ip_create", NXH_ANYWHERE, NX_PTR_ERROR);
    if (status != NX_SUCCESS) {
        return status;
    }
    if (ip_ptr == NULL || nxh_ip_valid(ip_ptr) || !nxh_pool_valid(default_pool) || ip_link_driver == NULL ||
        memory_ptr == NULL) {
        return nxh_leave(NX_PTR_ERROR);
    }
    if (memory_size < TX_MINIMUM_STACK) {
        return nxh_leave(NX_SIZE_ERROR);
    }
    if (!nxh_address_valid(ip_address)) {
        return nxh_leave(NX_IP_ADDRESS_ERROR);
    }
    if (priority >= TX_MAX_PRIORITIES) {
        return nxh_leave(NX_OPTION_ERROR);
    }
    memset(ip_ptr, 0, sizeof *ip_ptr);
    ip_ptr->nx_ip_id = NX_IP_ID;
    ip_ptr->nx_ip_name = name;
    ip_ptr->nx_ip_default_packet_pool = default_pool;
    ip_ptr->nx_ip_interface[0].nx_interface_name = name;
    ip_ptr->nx_ip_interface[0].nx_interface_valid = 1;
    ip_ptr->nx_ip_interface[0].nx_interface_link_up = 1;
    ip_ptr->nx_ip_interface[0].nx_interface_ip_address = ip_address;
    ip_ptr->nx_ip_interface[0].nx_interface_ip_network_mask = network_mask;
    ip_ptr->nx_ip_interface[0].nx_interface_ip_mtu_size = 1500;
    ip_ptr->nx_ip_host_enabled = NX_IP_INITIALIZE_DONE | NX_IP_LINK_ENABLED | NX_IP_INTERFACE_LINK_ENABLED;
    ip_ptr->nx_ip_host_next_port = NX_SEARCH_PORT_START;
    ip_ptr->nx_ip_created_next = nxh_ips;
    nxh_ips = ip_ptr;
    return nxh_leave(NX_SUCCESS);
}

UINT nx_ip_delete(NX_IP *ip_ptr)
{
    UINT status = nxh_enter("nx_ip_delete", NXH_THREADS, NX_SOCKETS_BOUND);
    if (status != NX_SUCCESS) {
        return status;
    }
    if (!nxh_ip_valid(ip_ptr)) {
        return nxh_leave(NX_PTR_ERROR);
    }
    if (ip_ptr->nx_ip_tcp_created_sockets_ptr != NULL) {
        return nxh_leave(NX_SOCKETS_BOUND);
    }
    NX_IP **link = &nxh_ips;
    while (*link != ip_ptr) {
        link = &(*link)->nx_ip_created_next;
    }
    *link = ip_ptr->nx_ip_created_next;
    ip_ptr->nx_ip_id = 0;
    return nxh_leave(NX_SUCCESS);
}

static UINT enable(const char *service, NX_IP *ip, ULONG bit)
{
    UINT status = nxh_enter(service, NXH_ANYWHERE, NX_ALREADY_ENABLED);
    if (status != NX_SUCCESS) {
        return status;
    }
    if (!nxh_ip_valid(ip)) {
        return nxh_leave(NX_PTR_ERROR);
    }
    if (ip->nx_ip_host_enabled & bit) {
        return nxh_leave(NX_ALREADY_ENABLED);
    }
    ip->nx_ip_host_enabled |= bit;
    return nxh_leave(NX_SUCCESS);
}

UINT nx_arp_enable(NX_IP *ip_ptr, VOID *arp_cache_memory, ULONG arp_cache_size)
{
    if (arp_cache_memory == NULL) {
        return NX_PTR_ERROR;
    }
    if (arp_cache_size == 0) {
        return NX_SIZE_ERROR;
    }
    return enable("nx_arp_enable", ip_ptr, NX_IP_ARP_ENABLED);
}

UINT nx_tcp_enable(NX_IP *ip_ptr)
{
    return enable("nx_tcp_enable", ip_ptr, NX_IP_TCP_ENABLED);
}

UINT nx_udp_enable(NX_IP *ip_ptr)
{
    return enable("nx_udp_enable", ip_ptr, NX_IP_UDP_ENABLED);
}

UINT nx_igmp_enable(NX_IP *ip_ptr)
{
    return enable("nx_igmp_enable", ip_ptr, NX_IP_IGMP_ENABLED);
}

UINT nx_icmp_enable(NX_IP *ip_ptr)
{
    return enable("nx_icmp_enable", ip_ptr, ICMP_ENABLED);
}

/* Enables what is left to enable: ICMP for IPv6 where that of IPv4 is enabled already. */
UINT nxd_icmp_enable(NX_IP *ip_ptr)
{
    UINT status = enable("nxd_icmp_enable", ip_ptr, ICMP_ENABLED);
    return status == NX_ALREADY_ENABLED ? NX_SUCCESS : status;
}

UINT nx_ip_fragment_enable(NX_IP *ip_ptr)
{
    return nxh_ip_valid(ip_ptr) ? NX_SUCCESS : NX_PTR_ERROR;
}

UINT nxd_ipv6_enable(NX_IP *ip_ptr)
{
#ifdef FEATURE_NX_IPV6
    return enable("nxd_ipv6_enable", ip_ptr, NXH_IPV6_ENABLED);
#else
    return nxh_ip_valid(ip_ptr) ? NX_NOT_SUPPORTED : NX_PTR_ERROR;
#endif
}

static ULONG condition(const NX_IP *ip, UINT interface_index)
{
    bool addressed = ip->nx_ip_interface[interface_index].nx_interface_ip_address != 0;
    return (ip->nx_ip_host_enabled & 0xFFFF) | (addressed ? NX_IP_ADDRESS_RESOLVED : 0);
}

UINT nx_ip_interface_status_check(NX_IP *ip_ptr, UINT interface_index, ULONG needed_status, ULONG *actual_status,
                                  ULONG wait_option)
{
    UINT status = nxh_enter_waiting("nx_ip_status_check", wait_option, NX_NOT_SUCCESSFUL);
    if (status != NX_SUCCESS) {
        return status;
    }
    if (!nxh_ip_valid(ip_ptr) || actual_status == NULL) {
        return nxh_leave(NX_PTR_ERROR);
    }
    if (interface_index >= NX_MAX_PHYSICAL_INTERFACES) {
        return nxh_leave(NX_INVALID_INTERFACE);
    }
    *actual_status = condition(ip_ptr, interface_index);
    struct nxh_wait wait = nxh_wait_begin(wait_option, TX_TCP_IP);
    while ((*actual_status & needed_status) != needed_status) {
        enum nxh_wake wake = nxh_wait_slice(&wait);
        if (wake != NXH_AGAIN) {
            return nxh_leave(wake == NXH_ABORTED ? NX_WAIT_ABORTED : NX_NOT_SUCCESSFUL);
        }
        *actual_status = condition(ip_ptr, interface_index);
    }
    return nxh_leave(NX_SUCCESS);
}

UINT nx_ip_status_check(NX_IP *ip_ptr, ULONG needed_status, ULONG *actual_status, ULONG wait_option)
{
    return nx_ip_interface_status_check(ip_ptr, 0, needed_status, actual_status, wait_option);
}
