/* What only this layer has: routes to sockets of the host, faults on demand, accounts of packets.
   Call them from any POSIX thread. nx_host_reset() undoes them all, and zeroes the accounts. */
#ifndef NX_HOST_H
#define NX_HOST_H

#include "nx_api.h"

#ifdef __cplusplus
extern "C" {
#endif

void nx_host_reset(void);

/* The length of a tick, 10,000 microseconds unless said: a test of long time-outs makes it shorter. */
void nx_host_tick(ULONG microseconds);

/* Makes the calling POSIX thread a ThreadX thread, or one that is none again (the caller of an initialization). */
void nx_host_thread_adopt(TX_THREAD *thread, CHAR *name);
void nx_host_thread_leave(void);

/* Where the application's addresses lead. A port of 0 stands for every port (and, behind =, for the same port); an
   address of * for every address. Without a rule an address is itself. The first rule that fits counts. The rules of
   the environment variable NX_HOST_ROUTE, in the text form, come behind those of these calls.
   nx_host_routes("192.168.1.10:25=127.0.0.1:2525 [2001:db8::1]:587=[::1]:2587 *:25=127.0.0.1:2525") takes rules
   between spaces; all calls return NX_OPTION_ERROR where a rule is malformed, NX_NO_MORE_ENTRIES behind the 16th. */
UINT nx_host_route(ULONG address, UINT port, UINT loopback_port);
UINT nx_host_route_v6(const ULONG address[4], UINT port, UINT loopback_port);
UINT nx_host_routes(const char *rules);

/* Makes NetX services fail. Counted are the calls that the application makes of services that can fail (not those
   that services make of each other), from the call of nx_host_fail on; ThreadX services are not. A failing service
   does nothing but return the status, save those that release a packet: they release it all the same. */
#define NX_HOST_TYPICAL 0xFFFFFFFFU /* the status which that service fails with most */

struct nx_host_failure {
    ULONG at;            /* the first call that fails, counted from 1; 0: none */
    ULONG count;         /* how many calls fail from there on; 0: one; 0xFFFFFFFF: all */
    UINT status;         /* or NX_HOST_TYPICAL */
    const char *service; /* counts calls of this service only, as "nx_packet_allocate"; NULL: of all */
    TX_THREAD *thread;   /* counts calls of this thread only; NULL: of all */
};

void nx_host_fail(const struct nx_host_failure *failure);
void nx_host_fail_at(ULONG at, UINT status);
ULONG nx_host_calls(void);        /* counted since */
const char *nx_host_failed(void); /* the service that failed last by nx_host_fail, or NULL */

/* How the network behaves. 0 in each member means: as it comes. */
struct nx_host_shape {
    ULONG split;   /* most octets in a received packet (or chain) */
    ULONG cut;     /* a received packet ends behind this octet of each connection, counted from 1 */
    ULONG chain;   /* most octets in each part of a received chain */
    ULONG pad;     /* NUL octets behind each received packet that ends in LF */
    ULONG window;  /* the peer's receive window in octets; 65,535 */
    UINT withhold; /* acknowledgements are withheld: sent packets stay out of their pool */
    UINT drop;     /* the peer's octets never arrive */
};

void nx_host_shape_set(const struct nx_host_shape *shape);

/* Accounts. */
ULONG nx_host_packets_out(NX_PACKET_POOL *pool); /* not in the pool, and not merely waiting for an acknowledgement */
ULONG nx_host_packets_waiting(NX_PACKET_POOL *pool); /* those that wait for one */

/* Misuse that a device would not survive or not tell: double release, use after release, release of what the stack
   owns, of what is no packet, data beyond the payload, calls from the wrong context, packets out at a pool's deletion.
   Each is told on the standard error unless quiet; the environment variable NX_HOST_ABORT makes it end the program. */
ULONG nx_host_violations(void);
const char *nx_host_violation(void); /* the last one in words, or "" */
void nx_host_quiet(UINT quiet);

struct nx_host_traffic {
    ULONG connections;
    ULONG sends;         /* successful ones */
    ULONG chained_sends; /* of them those of more than one packet */
    ULONG long_sends;    /* of them those longer than a segment */
    ULONG largest_send;
    ULONG octets_sent;
    ULONG receives; /* successful ones */
    ULONG octets_received;
};

void nx_host_traffic_get(struct nx_host_traffic *traffic);

#ifdef __cplusplus
}
#endif

#endif
