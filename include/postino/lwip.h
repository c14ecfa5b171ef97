/*
 * lwIP's raw API (2.1, 2.2) as a transport: callbacks, no thread, no blocking, one context for each delivery.
 *
 *     static struct postino_lwip lwip;
 *     postino_lwip_init(&lwip, "mail.example.test", 587);
 *     config.transport = &lwip.transport;                      a postino_delivery_config
 *     postino_delivery_init(&delivery, &config, &mail);
 *     while (postino_delivery_step(&delivery, &wants))         from the main loop, or a timer
 *         run the stack: take frames in, sys_check_timeouts()
 *
 * With NO_SYS all of it belongs to the loop that runs the stack. With an OS it may be called from any thread: the core
 * is locked where it has to be (LWIP_TCPIP_CORE_LOCKING). The memory that TCP holds is lwIP's: TCP_SND_BUF of what was
 * written and not acknowledged, TCP_WND of what was received and not read.
 */
#ifndef POSTINO_LWIP_H
#define POSTINO_LWIP_H

#include <lwip/ip_addr.h>
#include <lwip/pbuf.h>
#include <lwip/tcp.h>
#include <postino/deliver.h>

#ifdef __cplusplus
extern "C" {
#endif

struct postino_lwip {
    struct postino_transport transport; /* first */

    /* For postino_delivery_run alone: what is to happen while nothing can be done, for up to so many milliseconds: with
     * NO_SYS the stack is run, with an OS the thread sleeps until `woken`. Returns false to give up. The caller sets it
     * behind postino_lwip_init; NULL where the delivery is stepped. */
    bool (*pause)(struct postino_lwip *lwip, uint32_t ms);

    /* Something happened: step. Set by the stack, cleared by the caller. */
    volatile bool woken;

    const char *host; /* private from here on */
    struct tcp_pcb *pcb;
    struct pbuf *received;
    ip_addr_t address;
    uint16_t port;
    uint16_t taken; /* of the first of `received` */
    uint8_t state;
    bool ended; /* the other end has closed */
    uint32_t clock_ms;
    uint32_t clock_turns;
    char name[IPADDR_STRLEN_MAX + 8];
};

/* `host` is a name or an address in numbers, borrowed. The context must not move, nor be used for something else, while
 * a name is being looked up: lwIP has no way to stop that. */
void postino_lwip_init(struct postino_lwip *lwip, const char *host, uint16_t port);

#ifdef __cplusplus
}
#endif

#endif
