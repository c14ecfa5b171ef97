/* The addresses of an IP instance, kept and given back. */
#include "host.h"

UINT nx_ip_interface_address_get(NX_IP *ip_ptr, UINT interface_index, ULONG *ip_address, ULONG *network_mask)
{
    UINT status = nxh_enter("nx_ip_interface_address_get", NXH_ANYWHERE, NX_INVALID_INTERFACE);
    if (status != NX_SUCCESS) {
        return status;
    }
    if (!nxh_ip_valid(ip_ptr) || ip_address == NULL || network_mask == NULL) {
        return nxh_leave(NX_PTR_ERROR);
    }
    if (interface_index >= NX_MAX_PHYSICAL_INTERFACES) {
        return nxh_leave(NX_INVALID_INTERFACE);
    }
    *ip_address = ip_ptr->nx_ip_interface[interface_index].nx_interface_ip_address;
    *network_mask = ip_ptr->nx_ip_interface[interface_index].nx_interface_ip_network_mask;
    return nxh_leave(NX_SUCCESS);
}

UINT nx_ip_interface_address_set(NX_IP *ip_ptr, UINT interface_index, ULONG ip_address, ULONG network_mask)
{
    UINT status = nxh_enter("nx_ip_interface_address_set", NXH_ANYWHERE, NX_INVALID_INTERFACE);
    if (status != NX_SUCCESS) {
        return status;
    }
    if (!nxh_ip_valid(ip_ptr)) {
        return nxh_leave(NX_PTR_ERROR);
    }
    if (interface_index >= NX_MAX_PHYSICAL_INTERFACES) {
        return nxh_leave(NX_INVALID_INTERFACE);
    }
    if (!nxh_address_valid(ip_address)) {
        return nxh_leave(NX_IP_ADDRESS_ERROR);
    }
    ip_ptr->nx_ip_interface[interface_index].nx_interface_ip_address = ip_address;
    ip_ptr->nx_ip_interface[interface_index].nx_interface_ip_network_mask = network_mask;
    nxh_changed();
    return nxh_leave(NX_SUCCESS);
}

UINT nx_ip_address_get(NX_IP *ip_ptr, ULONG *ip_address, ULONG *network_mask)
{
    return nx_ip_interface_address_get(ip_ptr, 0, ip_address, network_mask);
}

UINT nx_ip_address_set(NX_IP *ip_ptr, ULONG ip_address, ULONG network_mask)
{
    return nx_ip_interface_address_set(ip_ptr, 0, ip_address, network_mask);
}

UINT nx_ip_gateway_address_get(NX_IP *ip_ptr, ULONG *ip_address)
{
    UINT status = nxh_enter("nx_ip_gateway_address_get", NXH_ANYWHERE, NX_NOT_FOUND);
    if (status != NX_SUCCESS) {
        return status;
    }
    if (!nxh_ip_valid(ip_ptr) || ip_address == NULL) {
        return nxh_leave(NX_PTR_ERROR);
    }
    *ip_address = ip_ptr->nx_ip_gateway_address;
    return nxh_leave(*ip_address != 0 ? NX_SUCCESS : NX_NOT_FOUND);
}

UINT nx_ip_gateway_address_set(NX_IP *ip_ptr, ULONG ip_address)
{
    UINT status = nxh_enter("nx_ip_gateway_address_set", NXH_ANYWHERE, NX_IP_ADDRESS_ERROR);
    if (status != NX_SUCCESS) {
        return status;
    }
    if (!nxh_ip_valid(ip_ptr)) {
        return nxh_leave(NX_PTR_ERROR);
    }
    if (ip_address == 0 || !nxh_address_valid(ip_address)) {
        return nxh_leave(NX_IP_ADDRESS_ERROR);
    }
    ip_ptr->nx_ip_gateway_address = ip_address;
    return nxh_leave(NX_SUCCESS);
}

#ifdef FEATURE_NX_IPV6
/* The link-local address that a device makes of its hardware address stands for one without: it is made up. */
static void address_for(NXD_ADDRESS *given, ULONG words[4])
{
    static const ULONG link_local[4] = {0xFE800000, 0, 0x021122FF, 0xFE334456};
    memcpy(words, given != NULL ? given->nxd_ip_address.v6 : link_local, sizeof link_local);
}

UINT nxd_ipv6_address_set(NX_IP *ip_ptr, UINT interface_index, NXD_ADDRESS *ip_address, ULONG prefix_length,
                          UINT *address_index)
{
    UINT status = nxh_enter("nxd_ipv6_address_set", NXH_ANYWHERE, NX_NO_MORE_ENTRIES);
    if (status != NX_SUCCESS) {
        return status;
    }
    if (!nxh_ip_valid(ip_ptr)) {
        return nxh_leave(NX_PTR_ERROR);
    }
    if (interface_index >= NX_MAX_PHYSICAL_INTERFACES) {
        return nxh_leave(NX_INVALID_INTERFACE);
    }
    if (ip_address != NULL && ip_address->nxd_ip_version != NX_IP_VERSION_V6) {
        return nxh_leave(NX_IP_ADDRESS_ERROR);
    }
    for (UINT i = 0; i < NX_MAX_IPV6_ADDRESSES; i++) {
        NXD_IPV6_ADDRESS *entry = &ip_ptr->nx_ipv6_address[i];
        if (entry->nxd_ipv6_address_valid) {
            continue;
        }
        entry->nxd_ipv6_address_valid = 1;
        entry->nxd_ipv6_address_index = (UCHAR)i;
        entry->nxd_ipv6_address_prefix_length = (UCHAR)prefix_length;
        address_for(ip_address, entry->nxd_ipv6_address);
        if (address_index != NULL) {
            *address_index = i;
        }
        return nxh_leave(NX_SUCCESS);
    }
    return nxh_leave(NX_NO_MORE_ENTRIES);
}

UINT nxd_ipv6_address_get(NX_IP *ip_ptr, UINT address_index, NXD_ADDRESS *ip_address, ULONG *prefix_length,
                          UINT *interface_index)
{
    UINT status = nxh_enter("nxd_ipv6_address_get", NXH_ANYWHERE, NX_NO_INTERFACE_ADDRESS);
    if (status != NX_SUCCESS) {
        return status;
    }
    if (!nxh_ip_valid(ip_ptr) || ip_address == NULL || prefix_length == NULL || interface_index == NULL) {
        return nxh_leave(NX_PTR_ERROR);
    }
    if (address_index >= NX_MAX_IPV6_ADDRESSES || !ip_ptr->nx_ipv6_address[address_index].nxd_ipv6_address_valid) {
        return nxh_leave(NX_NO_INTERFACE_ADDRESS);
    }
    const NXD_IPV6_ADDRESS *entry = &ip_ptr->nx_ipv6_address[address_index];
    ip_address->nxd_ip_version = NX_IP_VERSION_V6;
    memcpy(ip_address->nxd_ip_address.v6, entry->nxd_ipv6_address, sizeof entry->nxd_ipv6_address);
    *prefix_length = entry->nxd_ipv6_address_prefix_length;
    *interface_index = 0;
    return nxh_leave(NX_SUCCESS);
}

UINT nxd_ipv6_default_router_add(NX_IP *ip_ptr, NXD_ADDRESS *router_addr, ULONG router_lifetime, UINT interface_index)
{
    (void)router_lifetime;
    UINT status = nxh_enter("nxd_ipv6_default_router_add", NXH_ANYWHERE, NX_NO_MORE_ENTRIES);
    if (status != NX_SUCCESS) {
        return status;
    }
    if (!nxh_ip_valid(ip_ptr) || router_addr == NULL) {
        return nxh_leave(NX_PTR_ERROR);
    }
    if (interface_index >= NX_MAX_PHYSICAL_INTERFACES) {
        return nxh_leave(NX_INVALID_INTERFACE);
    }
    return nxh_leave(NX_SUCCESS);
}
#endif
