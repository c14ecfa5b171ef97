/* Packet pools: whose a packet is, and what is found out when somebody is wrong about that. */
#include "host.h"

#if defined(__SANITIZE_ADDRESS__)
#define NXH_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define NXH_ASAN 1
#endif
#endif
#ifdef NXH_ASAN
#include <sanitizer/asan_interface.h>
#define HIDE(start, size) ASAN_POISON_MEMORY_REGION(start, size)
#define SHOW(start, size) ASAN_UNPOISON_MEMORY_REGION(start, size)
#else
#define HIDE(start, size) ((void)(start), (void)(size))
#define SHOW(start, size) ((void)(start), (void)(size))
#endif

/* States of a packet, no values that memory has by chance. */
#define PACKET_FREE  ((ULONG)0x46524545)
#define PACKET_OWNED ((ULONG)0x4F574E44) /* by the application, or a part of a chain of its */
#define PACKET_STACK ((ULONG)0x5354434B) /* by the stack, until it is acknowledged */

#define POISON 0xDB /* a free payload is full of it; a write into it is found when the packet is next allocated */

static NX_PACKET_POOL *pools;

bool nxh_pool_valid(const NX_PACKET_POOL *pool)
{
    return pool != NULL && pool->nx_packet_pool_id == NX_PACKET_POOL_ID;
}

static NX_PACKET *packet_at(const NX_PACKET_POOL *pool, ULONG index)
{
    return (NX_PACKET *)(VOID *)(pool->nx_packet_pool_start + (size_t)index * pool->nx_packet_pool_host_stride);
}

/* Only addresses are compared: what is no packet of a pool is not looked into. */
static bool is_packet(const NX_PACKET *packet)
{
    for (const NX_PACKET_POOL *pool = pools; pool != NULL; pool = pool->nx_packet_pool_created_next) {
        uintptr_t start = (uintptr_t)pool->nx_packet_pool_start;
        size_t stride = pool->nx_packet_pool_host_stride;
        if ((uintptr_t)packet >= start && (uintptr_t)packet < start + stride * pool->nx_packet_pool_total) {
            return ((uintptr_t)packet - start) % stride == 0;
        }
    }
    return false;
}

static void hide(NX_PACKET *packet)
{
    size_t size = (size_t)(packet->nx_packet_data_end - packet->nx_packet_data_start);
    memset(packet->nx_packet_data_start, POISON, size);
    HIDE(packet->nx_packet_data_start, size);
}

static void show(NX_PACKET *packet)
{
    size_t size = (size_t)(packet->nx_packet_data_end - packet->nx_packet_data_start);
    SHOW(packet->nx_packet_data_start, size);
    for (size_t i = 0; i < size; i++) {
        if (packet->nx_packet_data_start[i] != POISON) {
            nxh_violation("nx_packet_allocate", "a packet was written to after its release");
            return;
        }
    }
}

static void lay_out(NX_PACKET_POOL *pool)
{
    for (ULONG i = pool->nx_packet_pool_total; i-- > 0;) {
        NX_PACKET *packet = packet_at(pool, i);
        memset(packet, 0, sizeof *packet);
        packet->nx_packet_pool_owner = pool;
        packet->nx_packet_data_start = (UCHAR *)(packet + 1);
        packet->nx_packet_data_end = packet->nx_packet_data_start + pool->nx_packet_pool_payload_size;
        packet->nx_packet_host_state = PACKET_FREE;
        packet->nx_packet_queue_next = pool->nx_packet_pool_available_list;
        pool->nx_packet_pool_available_list = packet;
        hide(packet);
    }
}

UINT nx_packet_pool_create(NX_PACKET_POOL *pool_ptr, CHAR *name, ULONG payload_size, VOID *memory_ptr,
                           ULONG memory_size)
{
    UINT status = nxh_enter("nx_packet_pool_create", NXH_ANYWHERE, NX_SIZE_ERROR);
    if (status != NX_SUCCESS) {
        return status;
    }
    if (pool_ptr == NULL || memory_ptr == NULL || nxh_pool_valid(pool_ptr)) {
        return nxh_leave(NX_PTR_ERROR);
    }
    size_t skipped = (sizeof(ALIGN_TYPE) - (uintptr_t)memory_ptr % sizeof(ALIGN_TYPE)) % sizeof(ALIGN_TYPE);
    size_t payload = ((size_t)payload_size + sizeof(ULONG) - 1) / sizeof(ULONG) * sizeof(ULONG);
    size_t stride = (sizeof(NX_PACKET) + payload + sizeof(ALIGN_TYPE) - 1) / sizeof(ALIGN_TYPE) * sizeof(ALIGN_TYPE);
    if (payload_size < 40 || memory_size < skipped + stride) {
        return nxh_leave(NX_SIZE_ERROR);
    }
    memset(pool_ptr, 0, sizeof *pool_ptr);
    pool_ptr->nx_packet_pool_id = NX_PACKET_POOL_ID;
    pool_ptr->nx_packet_pool_name = name;
    pool_ptr->nx_packet_pool_start = (CHAR *)memory_ptr + skipped;
    pool_ptr->nx_packet_pool_size = memory_size;
    pool_ptr->nx_packet_pool_payload_size = (ULONG)payload;
    pool_ptr->nx_packet_pool_host_stride = (ULONG)stride;
    pool_ptr->nx_packet_pool_total = (ULONG)((memory_size - skipped) / stride);
    pool_ptr->nx_packet_pool_available = pool_ptr->nx_packet_pool_total;
    pool_ptr->nx_packet_pool_created_next = pools;
    lay_out(pool_ptr);
    pools = pool_ptr;
    return nxh_leave(NX_SUCCESS);
}

static ULONG count(const NX_PACKET_POOL *pool, ULONG state)
{
    ULONG counted = 0;
    for (ULONG i = 0; i < pool->nx_packet_pool_total; i++) {
        counted += packet_at(pool, i)->nx_packet_host_state == state;
    }
    return counted;
}

UINT nx_packet_pool_delete(NX_PACKET_POOL *pool_ptr)
{
    UINT status = nxh_enter("nx_packet_pool_delete", NXH_THREADS, NX_CALLER_ERROR);
    if (status != NX_SUCCESS) {
        return status;
    }
    if (!nxh_pool_valid(pool_ptr)) {
        return nxh_leave(NX_PTR_ERROR);
    }
    nxh_sockets_refresh();
    if (pool_ptr->nx_packet_pool_available != pool_ptr->nx_packet_pool_total) {
        nxh_violation("nx_packet_pool_delete", "packets of the pool are out");
    }
    NX_PACKET_POOL **link = &pools;
    while (*link != pool_ptr) {
        link = &(*link)->nx_packet_pool_created_next;
    }
    *link = pool_ptr->nx_packet_pool_created_next;
    SHOW(pool_ptr->nx_packet_pool_start, (size_t)pool_ptr->nx_packet_pool_total * pool_ptr->nx_packet_pool_host_stride);
    pool_ptr->nx_packet_pool_id = 0;
    nxh_changed();
    return nxh_leave(NX_SUCCESS);
}

/* Any destination may be NULL. */
UINT nx_packet_pool_info_get(NX_PACKET_POOL *pool_ptr, ULONG *total_packets, ULONG *free_packets,
                             ULONG *empty_pool_requests, ULONG *empty_pool_suspensions, ULONG *invalid_packet_releases)
{
    ULONG nowhere;
    UINT status = nxh_enter("nx_packet_pool_info_get", NXH_ANYWHERE, NX_PTR_ERROR);
    if (status != NX_SUCCESS) {
        return status;
    }
    if (!nxh_pool_valid(pool_ptr)) {
        return nxh_leave(NX_PTR_ERROR);
    }
    nxh_sockets_refresh();
    *(total_packets ? total_packets : &nowhere) = pool_ptr->nx_packet_pool_total;
    *(free_packets ? free_packets : &nowhere) = pool_ptr->nx_packet_pool_available;
    *(empty_pool_requests ? empty_pool_requests : &nowhere) = pool_ptr->nx_packet_pool_empty_requests;
    *(empty_pool_suspensions ? empty_pool_suspensions : &nowhere) = pool_ptr->nx_packet_pool_empty_suspensions;
    *(invalid_packet_releases ? invalid_packet_releases : &nowhere) = pool_ptr->nx_packet_pool_invalid_releases;
    return nxh_leave(NX_SUCCESS);
}

ULONG nx_host_packets_out(NX_PACKET_POOL *pool)
{
    nxh_lock();
    nxh_sockets_refresh();
    return nxh_leave(count(pool, PACKET_OWNED));
}

ULONG nx_host_packets_waiting(NX_PACKET_POOL *pool)
{
    nxh_lock();
    nxh_sockets_refresh();
    return nxh_leave(count(pool, PACKET_STACK));
}

static UINT wait_for_packet(NX_PACKET_POOL *pool, struct nxh_wait *wait)
{
    pool->nx_packet_pool_empty_requests++;
    pool->nx_packet_pool_empty_suspensions += !wait->none;
    for (;;) {
        nxh_sockets_refresh();
        if (pool->nx_packet_pool_available_list != NULL) {
            return NX_SUCCESS;
        }
        pool->nx_packet_pool_suspended_count++;
        enum nxh_wake wake = nxh_wait_slice(wait);
        pool->nx_packet_pool_suspended_count--;
        if (!nxh_pool_valid(pool)) {
            return NX_POOL_DELETED;
        }
        if (wake != NXH_AGAIN) {
            return wake == NXH_ABORTED ? NX_WAIT_ABORTED : NX_NO_PACKET;
        }
    }
}

UINT nxh_packet_allocate(NX_PACKET_POOL *pool, NX_PACKET **packet, ULONG headroom, struct nxh_wait *wait)
{
    if (pool->nx_packet_pool_available_list == NULL) {
        UINT status = wait_for_packet(pool, wait);
        if (status != NX_SUCCESS) {
            return status;
        }
    }
    NX_PACKET *taken = pool->nx_packet_pool_available_list;
    pool->nx_packet_pool_available_list = taken->nx_packet_queue_next;
    pool->nx_packet_pool_available--;
    taken->nx_packet_host_state = PACKET_OWNED;
    taken->nx_packet_queue_next = NULL;
    taken->nx_packet_union_next.nx_packet_tcp_queue_next = (NX_PACKET *)NX_PACKET_ALLOCATED;
    taken->nx_packet_length = 0;
    taken->nx_packet_prepend_ptr = taken->nx_packet_append_ptr = taken->nx_packet_data_start + headroom;
#ifndef NX_DISABLE_PACKET_CHAIN
    taken->nx_packet_next = NULL;
    taken->nx_packet_last = NULL;
#endif
    show(taken);
    *packet = taken;
    return NX_SUCCESS;
}

NX_PACKET *nxh_packet_next(const NX_PACKET *packet)
{
#ifdef NX_DISABLE_PACKET_CHAIN
    (void)packet;
    return NULL;
#else
    return packet->nx_packet_next;
#endif
}

void nxh_packet_own(NX_PACKET *packet, bool by_stack)
{
    for (; packet != NULL; packet = nxh_packet_next(packet)) {
        packet->nx_packet_host_state = by_stack ? PACKET_STACK : PACKET_OWNED;
    }
}

void nxh_packet_free(NX_PACKET *packet)
{
    while (packet != NULL) {
        NX_PACKET *next = nxh_packet_next(packet);
        NX_PACKET_POOL *pool = packet->nx_packet_pool_owner;
        if (!is_packet(packet) || packet->nx_packet_host_state == PACKET_FREE) {
            nxh_violation("nx_packet_release", "a part of the chain is no packet, or was released before");
            return;
        }
        packet->nx_packet_host_state = PACKET_FREE;
        packet->nx_packet_union_next.nx_packet_tcp_queue_next = (NX_PACKET *)NX_PACKET_FREE;
        packet->nx_packet_queue_next = pool->nx_packet_pool_available_list;
        pool->nx_packet_pool_available_list = packet;
        pool->nx_packet_pool_available++;
        hide(packet);
        packet = next;
    }
    nxh_changed();
}

/* Says whether the packet may be used; what is wrong with it is told. */
UINT nxh_packet_check(const char *service, const NX_PACKET *packet)
{
    if (packet == NULL) {
        return NX_PTR_ERROR;
    }
    if (!is_packet(packet)) {
        nxh_violation(service, "this is no packet of any pool");
        return NX_PTR_ERROR;
    }
    if (packet->nx_packet_host_state != PACKET_OWNED) {
        bool is_free = packet->nx_packet_host_state == PACKET_FREE;
        packet->nx_packet_pool_owner->nx_packet_pool_invalid_releases++;
        nxh_violation(service, is_free ? "the packet was released before" : "the packet was sent: it is the stack's");
        return NX_PTR_ERROR;
    }
    if (packet->nx_packet_prepend_ptr < packet->nx_packet_data_start) {
        nxh_violation(service, "the packet begins before its payload");
        return NX_UNDERFLOW;
    }
    if (packet->nx_packet_append_ptr > packet->nx_packet_data_end) {
        nxh_violation(service, "the packet ends behind its payload");
        return NX_OVERFLOW;
    }
    return NX_SUCCESS;
}
