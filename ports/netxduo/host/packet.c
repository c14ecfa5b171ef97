/* Packets and chains of packets: what they hold, and how it gets in and out. */
#include "host.h"

UINT nx_packet_allocate(NX_PACKET_POOL *pool_ptr, NX_PACKET **packet_ptr, ULONG packet_type, ULONG wait_option)
{
    UINT status = nxh_enter_waiting("nx_packet_allocate", wait_option, NX_NO_PACKET);
    if (status != NX_SUCCESS) {
        return status;
    }
    if (!nxh_pool_valid(pool_ptr) || packet_ptr == NULL) {
        return nxh_leave(NX_PTR_ERROR);
    }
    if (packet_type % sizeof(ULONG) != 0) {
        return nxh_leave(NX_OPTION_ERROR);
    }
    if (packet_type > pool_ptr->nx_packet_pool_payload_size) {
        return nxh_leave(NX_INVALID_PARAMETERS);
    }
    struct nxh_wait wait = nxh_wait_begin(wait_option, TX_TCP_IP);
    return nxh_leave(nxh_packet_allocate(pool_ptr, packet_ptr, packet_type, &wait));
}

static UINT release(const char *service, NX_PACKET *packet)
{
    UINT reported;
    (void)nxh_enter_always(service, NX_PTR_ERROR, &reported);
    UINT status = nxh_packet_check(service, packet);
    if (status == NX_SUCCESS) {
        nxh_packet_free(packet);
        status = reported;
    }
    return nxh_leave(status);
}

UINT _nx_packet_release(NX_PACKET *packet_ptr)
{
    return release("nx_packet_release", packet_ptr);
}

UINT _nx_packet_transmit_release(NX_PACKET *packet_ptr)
{
    return release("nx_packet_transmit_release", packet_ptr);
}

UINT _nxe_packet_release(NX_PACKET **packet_ptr_ptr)
{
    UINT status = packet_ptr_ptr == NULL ? NX_PTR_ERROR : _nx_packet_release(*packet_ptr_ptr);
    if (status == NX_SUCCESS) {
        *packet_ptr_ptr = NULL;
    }
    return status;
}

UINT _nxe_packet_transmit_release(NX_PACKET **packet_ptr_ptr)
{
    UINT status = packet_ptr_ptr == NULL ? NX_PTR_ERROR : _nx_packet_transmit_release(*packet_ptr_ptr);
    if (status == NX_SUCCESS) {
        *packet_ptr_ptr = NULL;
    }
    return status;
}

/* A packet whose length disagrees with its pointers makes a device send garbage. */
static ULONG octets_in(const NX_PACKET *packet)
{
    return (ULONG)(packet->nx_packet_append_ptr - packet->nx_packet_prepend_ptr);
}

static NX_PACKET *last_of(NX_PACKET *packet)
{
    while (nxh_packet_next(packet) != NULL) {
        packet = nxh_packet_next(packet);
    }
    return packet;
}

static ULONG room_in(const NX_PACKET *packet, ULONG part_size)
{
    ULONG room = (ULONG)(packet->nx_packet_data_end - packet->nx_packet_append_ptr);
    ULONG used = octets_in(packet);
    if (part_size == 0) {
        return room;
    }
    ULONG left = part_size > used ? part_size - used : 0;
    return room < left ? room : left;
}

#ifndef NX_DISABLE_PACKET_CHAIN
/* Packets for LENGTH octets, as a chain of their own: none is linked before all are there. */
static UINT allocate_parts(NX_PACKET **parts, ULONG length, NX_PACKET_POOL *pool, ULONG part_size,
                           struct nxh_wait *wait)
{
    NX_PACKET **link = parts;
    *parts = NULL;
    while (length > 0) {
        UINT status = nxh_packet_allocate(pool, link, NX_RECEIVE_PACKET, wait);
        if (status != NX_SUCCESS) {
            *link = NULL;
            nxh_packet_free(*parts);
            return status;
        }
        ULONG room = room_in(*link, part_size);
        length -= length < room ? length : room;
        link = &(*link)->nx_packet_next;
    }
    return NX_SUCCESS;
}
#endif

/* Appends all or nothing. PART_SIZE, unless 0, limits what each packet of the chain holds. */
UINT nxh_packet_append(NX_PACKET *packet, const UCHAR *octets, ULONG length, NX_PACKET_POOL *pool, ULONG part_size,
                       struct nxh_wait *wait)
{
    NX_PACKET *part = last_of(packet);
    ULONG room = room_in(part, part_size);
    if (length > room) {
#ifdef NX_DISABLE_PACKET_CHAIN
        (void)pool;
        (void)wait;
        return NX_SIZE_ERROR;
#else
        UINT status = allocate_parts(&part->nx_packet_next, length - room, pool, part_size, wait);
        if (status != NX_SUCCESS) {
            return status;
        }
        packet->nx_packet_last = last_of(part);
#endif
    }
    packet->nx_packet_length += length;
    for (; length > 0; part = nxh_packet_next(part)) {
        ULONG now = room_in(part, part_size);
        now = now < length ? now : length;
        memcpy(part->nx_packet_append_ptr, octets, now);
        part->nx_packet_append_ptr += now;
        octets += now;
        length -= now;
    }
    return NX_SUCCESS;
}

UINT nx_packet_data_append(NX_PACKET *packet_ptr, VOID *data_start, ULONG data_size, NX_PACKET_POOL *pool_ptr,
                           ULONG wait_option)
{
    UINT status = nxh_enter_waiting("nx_packet_data_append", wait_option, NX_NO_PACKET);
    if (status != NX_SUCCESS) {
        return status;
    }
    status = nxh_packet_check("nx_packet_data_append", packet_ptr);
    if (status != NX_SUCCESS) {
        return nxh_leave(status);
    }
    if (data_start == NULL || !nxh_pool_valid(pool_ptr)) {
        return nxh_leave(NX_PTR_ERROR);
    }
    if (data_size == 0) {
        return nxh_leave(NX_SIZE_ERROR);
    }
    struct nxh_wait wait = nxh_wait_begin(wait_option, TX_TCP_IP);
    return nxh_leave(nxh_packet_append(packet_ptr, (const UCHAR *)data_start, data_size, pool_ptr, 0, &wait));
}

ULONG nxh_packet_extract(const NX_PACKET *packet, ULONG offset, UCHAR *buffer, ULONG size)
{
    ULONG copied = 0;
    for (; packet != NULL && copied < size; packet = nxh_packet_next(packet)) {
        ULONG there = octets_in(packet);
        if (offset >= there) {
            offset -= there;
            continue;
        }
        ULONG now = there - offset < size - copied ? there - offset : size - copied;
        memcpy(buffer + copied, packet->nx_packet_prepend_ptr + offset, now);
        copied += now;
        offset = 0;
    }
    return copied;
}

void nxh_packet_consume(NX_PACKET *packet, ULONG length)
{
    packet->nx_packet_length -= length;
    for (; length > 0; packet = nxh_packet_next(packet)) {
        ULONG now = octets_in(packet) < length ? octets_in(packet) : length;
        packet->nx_packet_prepend_ptr += now;
        length -= now;
    }
}

UINT nx_packet_data_extract_offset(NX_PACKET *packet_ptr, ULONG offset, VOID *buffer_start, ULONG buffer_length,
                                   ULONG *bytes_copied)
{
    UINT status = nxh_enter("nx_packet_data_extract_offset", NXH_ANYWHERE, NX_PACKET_OFFSET_ERROR);
    if (status != NX_SUCCESS) {
        return status;
    }
    status = nxh_packet_check("nx_packet_data_extract_offset", packet_ptr);
    if (status != NX_SUCCESS || buffer_start == NULL || bytes_copied == NULL) {
        return nxh_leave(NX_PTR_ERROR);
    }
    *bytes_copied = 0;
    if (offset >= packet_ptr->nx_packet_length) {
        return nxh_leave(offset == 0 ? NX_SUCCESS : NX_PACKET_OFFSET_ERROR);
    }
    *bytes_copied = nxh_packet_extract(packet_ptr, offset, (UCHAR *)buffer_start, buffer_length);
    return nxh_leave(NX_SUCCESS);
}

UINT nx_packet_data_retrieve(NX_PACKET *packet_ptr, VOID *buffer_start, ULONG *bytes_copied)
{
    UINT status = nxh_enter("nx_packet_data_retrieve", NXH_ANYWHERE, NX_INVALID_PACKET);
    if (status != NX_SUCCESS) {
        return status;
    }
    status = nxh_packet_check("nx_packet_data_retrieve", packet_ptr);
    if (status != NX_SUCCESS || buffer_start == NULL || bytes_copied == NULL) {
        return nxh_leave(NX_PTR_ERROR);
    }
    *bytes_copied = nxh_packet_extract(packet_ptr, 0, (UCHAR *)buffer_start, packet_ptr->nx_packet_length);
    return nxh_leave(*bytes_copied == packet_ptr->nx_packet_length ? NX_SUCCESS : NX_INVALID_PACKET);
}

UINT nx_packet_length_get(NX_PACKET *packet_ptr, ULONG *length)
{
    UINT status = nxh_enter("nx_packet_length_get", NXH_ANYWHERE, NX_PTR_ERROR);
    if (status != NX_SUCCESS) {
        return status;
    }
    status = nxh_packet_check("nx_packet_length_get", packet_ptr);
    if (status != NX_SUCCESS || length == NULL) {
        return nxh_leave(NX_PTR_ERROR);
    }
    *length = packet_ptr->nx_packet_length;
    return nxh_leave(NX_SUCCESS);
}

static UINT copy(const NX_PACKET *from, NX_PACKET *to, NX_PACKET_POOL *pool, struct nxh_wait *wait)
{
    for (; from != NULL; from = nxh_packet_next(from)) {
        UINT status = nxh_packet_append(to, from->nx_packet_prepend_ptr, octets_in(from), pool, 0, wait);
        if (status != NX_SUCCESS) {
            return status;
        }
    }
    return NX_SUCCESS;
}

UINT nx_packet_copy(NX_PACKET *packet_ptr, NX_PACKET **new_packet_ptr, NX_PACKET_POOL *pool_ptr, ULONG wait_option)
{
    UINT status = nxh_enter_waiting("nx_packet_copy", wait_option, NX_NO_PACKET);
    if (status != NX_SUCCESS) {
        return status;
    }
    status = nxh_packet_check("nx_packet_copy", packet_ptr);
    if (status != NX_SUCCESS || new_packet_ptr == NULL || !nxh_pool_valid(pool_ptr)) {
        return nxh_leave(status != NX_SUCCESS ? status : NX_PTR_ERROR);
    }
    if (packet_ptr->nx_packet_length == 0) {
        return nxh_leave(NX_INVALID_PACKET);
    }
    struct nxh_wait wait = nxh_wait_begin(wait_option, TX_TCP_IP);
    ULONG headroom = (ULONG)(packet_ptr->nx_packet_prepend_ptr - packet_ptr->nx_packet_data_start);
    if (headroom > pool_ptr->nx_packet_pool_payload_size) {
        return nxh_leave(NX_INVALID_PARAMETERS);
    }
    status = nxh_packet_allocate(pool_ptr, new_packet_ptr, headroom, &wait);
    if (status != NX_SUCCESS) {
        return nxh_leave(status);
    }
    status = copy(packet_ptr, *new_packet_ptr, pool_ptr, &wait);
    if (status != NX_SUCCESS) {
        nxh_packet_free(*new_packet_ptr);
        *new_packet_ptr = NULL;
    }
    return nxh_leave(status);
}
