/* Inside the host layer: one lock, one way to wait, one gate that every service passes. */
#ifndef POSTINO_NETXDUO_HOST_H
#define POSTINO_NETXDUO_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "nx_api.h"
#include "nx_host.h"
#include "nx_ip.h"
#include "nx_packet.h"
#include "nx_tcp.h"

#define NXH_THREAD_ID    ((ULONG)0x54485244)
#define NXH_MUTEX_ID     ((ULONG)0x4D555445)
#define NXH_SEMAPHORE_ID ((ULONG)0x53454D41)
#define NXH_FLAGS_ID     ((ULONG)0x4456444E)
#define NXH_QUEUE_ID     ((ULONG)0x51554555)
#define NXH_BYTE_POOL_ID ((ULONG)0x42595445)

/* Everything that services share is read and written under this lock; it nests, for TX_DISABLE. */
void nxh_lock(void);
void nxh_unlock(void);

/* Tells all waiting threads that something changed. */
void nxh_changed(void);

/* The calling thread, or NULL in initialization. */
TX_THREAD *nxh_self(void);
void nxh_self_set(TX_THREAD *thread);

/* Waits for nxh_changed and nothing else; the lock is held. */
void nxh_idle(void);

/* Takes the effect of a suspension or termination that another thread asked for; may not return. */
void nxh_obey(TX_THREAD *thread);

bool nxh_thread_valid(const TX_THREAD *thread);
bool nxh_thread_ended(const TX_THREAD *thread);
UINT nxh_thread_make_ready(TX_THREAD *thread); /* runs it, or lets tx_kernel_enter do so */
void nxh_thread_forget(TX_THREAD *thread);
UINT nxh_thread_start(TX_THREAD *thread);
extern TX_THREAD *nxh_threads;
extern bool nxh_initializing;

uint64_t nxh_now_us(void);
ULONG nxh_ticks(void);
void nxh_ticks_set(ULONG ticks);

enum nxh_wake {
    NXH_AGAIN,   /* look again: something may have changed */
    NXH_TIMEOUT, /* the wait option is used up */
    NXH_ABORTED  /* tx_thread_wait_abort */
};

struct nxh_wait {
    uint64_t deadline_us;
    bool forever;
    bool none;
    UINT state; /* of the thread while it waits */
};

/* A wait is begun once per service and used until it says NXH_TIMEOUT. The lock is held before and after, not during.
 */
struct nxh_wait nxh_wait_begin(ULONG ticks, UINT state);
enum nxh_wake nxh_wait_change(struct nxh_wait *wait);
enum nxh_wake nxh_wait_slice(struct nxh_wait *wait); /* at most a few milliseconds: for what nobody signals */
enum nxh_wake nxh_wait_descriptor(struct nxh_wait *wait, int fd, short events, UINT *users);

/* The gate of a NetX service: takes the lock, judges the caller, counts the call and lets it fail on demand. Returns
   NX_SUCCESS with the lock held, otherwise the status without it. nxh_leave gives the lock back. */
enum nxh_context {
    NXH_ANYWHERE,
    NXH_THREADS
};

UINT nxh_enter(const char *service, enum nxh_context context, UINT typical);
UINT nxh_enter_waiting(const char *service, ULONG wait_option, UINT typical);
UINT nxh_enter_always(const char *service, UINT typical, UINT *reported); /* does its work though it reports failure */
UINT nxh_leave(UINT status);

/* The same for ThreadX services, which are never made to fail: just the lock. */
void nxh_enter_kernel(void);

void nxh_violation(const char *service, const char *what);
extern struct nx_host_shape nxh_shape;
extern struct nx_host_traffic nxh_traffic;

/* Packets; the lock is held. */
bool nxh_pool_valid(const NX_PACKET_POOL *pool);
UINT nxh_packet_check(const char *service, const NX_PACKET *packet);
UINT nxh_packet_allocate(NX_PACKET_POOL *pool, NX_PACKET **packet, ULONG headroom, struct nxh_wait *wait);
void nxh_packet_free(NX_PACKET *packet); /* with its chain */
void nxh_packet_own(NX_PACKET *packet, bool by_stack);
UINT nxh_packet_append(NX_PACKET *packet, const UCHAR *octets, ULONG length, NX_PACKET_POOL *pool, ULONG part_size,
                       struct nxh_wait *wait);
ULONG nxh_packet_extract(const NX_PACKET *packet, ULONG offset, UCHAR *buffer, ULONG size);
NX_PACKET *nxh_packet_next(const NX_PACKET *packet);
void nxh_packet_consume(NX_PACKET *packet, ULONG length); /* takes octets from its front */

/* IP instances. */
#define NXH_IPV6_ENABLED ((ULONG)0x20000) /* in nx_ip_host_enabled */
bool nxh_ip_valid(const NX_IP *ip);
bool nxh_address_valid(ULONG address); /* of a host: neither multicast nor broadcast */
extern NX_IP *nxh_ips;

/* Sockets; the lock is held. */
bool nxh_socket_valid(const NX_TCP_SOCKET *socket);
void nxh_socket_refresh(NX_TCP_SOCKET *socket); /* the state as the network has it now, acknowledged packets released */
void nxh_sockets_refresh(void);
void nxh_socket_close(NX_TCP_SOCKET *socket, bool reset);
bool nxh_socket_connected(const NX_TCP_SOCKET *socket);
enum nxh_wake nxh_socket_wait(NX_TCP_SOCKET *socket, struct nxh_wait *wait, short events);
ULONG nxh_socket_window(const NX_TCP_SOCKET *socket); /* what the peer takes now */

/* Where an address leads; ADDRESS is a struct sockaddr_storage. */
struct sockaddr_storage;
unsigned nxh_route(const NXD_ADDRESS *from, UINT port, struct sockaddr_storage *address);
void nxh_routes_reset(void);

#endif
