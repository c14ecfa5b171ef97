/* TCP of lwIP as a transport. */
#include <postino/lwip.h>

#include <lwip/dns.h>
#include <lwip/sys.h>
#include <lwip/tcpip.h>
#include <string.h>

#if NO_SYS
#undef LOCK_TCPIP_CORE
#undef UNLOCK_TCPIP_CORE
#define LOCK_TCPIP_CORE()
#define UNLOCK_TCPIP_CORE()
#endif

enum state {
    IDLE,
    RESOLVING,
    RESOLVED,
    CONNECTING,
    CONNECTED,
    FAILED
};

static struct postino_lwip *lwip_of(struct postino_transport *transport)
{
    return (struct postino_lwip *)transport;
}

static void enter(struct postino_lwip *lwip, enum state state)
{
    lwip->state = (uint8_t)state;
    lwip->woken = true;
}

/* ---- What the stack tells ---- */

static void found(const char *name, const ip_addr_t *address, void *arg)
{
    struct postino_lwip *lwip = arg;
    (void)name;
    if (lwip->state != RESOLVING) /* given up in the meantime */
        return;
    if (address)
        lwip->address = *address;
    enter(lwip, address ? RESOLVED : FAILED);
}

static err_t connected(void *arg, struct tcp_pcb *pcb, err_t error)
{
    (void)pcb;
    (void)error;
    enter(arg, CONNECTED);
    return ERR_OK;
}

static err_t received(void *arg, struct tcp_pcb *pcb, struct pbuf *octets, err_t error)
{
    struct postino_lwip *lwip = arg;
    (void)pcb;
    (void)error;
    if (!octets)
        lwip->ended = true;
    else if (lwip->received)
        pbuf_cat(lwip->received, octets);
    else
        lwip->received = octets;
    lwip->woken = true;
    return ERR_OK;
}

static err_t sent(void *arg, struct tcp_pcb *pcb, u16_t length)
{
    (void)pcb;
    (void)length;
    ((struct postino_lwip *)arg)->woken = true;
    return ERR_OK;
}

/* The pcb is gone already. */
static void failed(void *arg, err_t error)
{
    struct postino_lwip *lwip = arg;
    (void)error;
    lwip->pcb = NULL;
    enter(lwip, FAILED);
}

/* ---- Connecting ---- */

static void resolve(struct postino_lwip *lwip)
{
    lwip->state = RESOLVING;
    err_t error = dns_gethostbyname(lwip->host, &lwip->address, found, lwip);
    if (error != ERR_INPROGRESS)
        enter(lwip, error == ERR_OK ? RESOLVED : FAILED);
}

static void call(struct postino_lwip *lwip)
{
    lwip->state = CONNECTING;
    lwip->pcb = tcp_new_ip_type(IP_GET_TYPE(&lwip->address));
    if (!lwip->pcb) {
        enter(lwip, FAILED);
        return;
    }
    tcp_arg(lwip->pcb, lwip);
    tcp_recv(lwip->pcb, received);
    tcp_sent(lwip->pcb, sent);
    tcp_err(lwip->pcb, failed);
    tcp_nagle_disable(lwip->pcb); /* a flight is written at once */
    if (tcp_connect(lwip->pcb, &lwip->address, lwip->port, connected) != ERR_OK)
        enter(lwip, FAILED);
}

static int connect_to(struct postino_transport *transport)
{
    struct postino_lwip *lwip = lwip_of(transport);
    LOCK_TCPIP_CORE();
    if (lwip->state == IDLE)
        resolve(lwip);
    if (lwip->state == RESOLVED)
        call(lwip);
    int done = lwip->state == FAILED ? POSTINO_TRANSPORT_LOST : lwip->state == CONNECTED;
    UNLOCK_TCPIP_CORE();
    return done;
}

/* ---- Octets ---- */

/* What came counts, even where the connection has failed behind it. */
static ptrdiff_t read_some(struct postino_transport *transport, void *buffer, size_t size)
{
    struct postino_lwip *lwip = lwip_of(transport);
    LOCK_TCPIP_CORE();
    ptrdiff_t length = lwip->ended || !lwip->pcb ? POSTINO_TRANSPORT_LOST : 0;
    if (lwip->received) {
        u16_t most = size < 0xFFFF ? (u16_t)size : 0xFFFF;
        u16_t copied = pbuf_copy_partial(lwip->received, buffer, most, lwip->taken);
        lwip->received = pbuf_free_header(lwip->received, copied);
        if (lwip->pcb)
            tcp_recved(lwip->pcb, copied);
        length = copied;
    }
    UNLOCK_TCPIP_CORE();
    return length;
}

/* Into the stack's own buffers, as much as there is room for: `sent` wakes us when there is more. */
static ptrdiff_t write_some(struct postino_transport *transport, const void *octets, size_t length)
{
    struct postino_lwip *lwip = lwip_of(transport);
    ptrdiff_t written = POSTINO_TRANSPORT_LOST;
    LOCK_TCPIP_CORE();
    if (lwip->pcb) {
        size_t room = tcp_sndbuf(lwip->pcb);
        u16_t most = (u16_t)(length < room ? length : room);
        err_t error = ERR_OK;
        while (most && (error = tcp_write(lwip->pcb, octets, most, TCP_WRITE_FLAG_COPY)) == ERR_MEM)
            most /= 2;
        tcp_output(lwip->pcb);
        if (error == ERR_OK || error == ERR_MEM)
            written = most;
    }
    UNLOCK_TCPIP_CORE();
    return written;
}

static void close_all(struct postino_transport *transport)
{
    struct postino_lwip *lwip = lwip_of(transport);
    LOCK_TCPIP_CORE();
    if (lwip->pcb) {
        tcp_arg(lwip->pcb, NULL);
        tcp_recv(lwip->pcb, NULL);
        tcp_sent(lwip->pcb, NULL);
        tcp_err(lwip->pcb, NULL);
        if (tcp_close(lwip->pcb) != ERR_OK)
            tcp_abort(lwip->pcb);
    }
    if (lwip->received)
        pbuf_free(lwip->received);
    lwip->pcb = NULL;
    lwip->received = NULL;
    lwip->state = IDLE;
    lwip->ended = false;
    UNLOCK_TCPIP_CORE();
}

/* ---- Time, and who we are ---- */

static uint64_t now_ms(struct postino_transport *transport)
{
    struct postino_lwip *lwip = lwip_of(transport);
    uint32_t now = sys_now();
    lwip->clock_turns += now < lwip->clock_ms; /* each 49 days */
    lwip->clock_ms = now;
    return ((uint64_t)lwip->clock_turns << 32) | now;
}

static bool wait_until(struct postino_transport *transport, bool writing, uint64_t until_ms)
{
    struct postino_lwip *lwip = lwip_of(transport);
    uint64_t now = now_ms(transport), left = until_ms > now ? until_ms - now : 0;
    (void)writing; /* what is received wakes us, and what is acknowledged */
    bool goes_on = !lwip->pause || lwip->pause(lwip, left < UINT32_MAX ? (uint32_t)left : UINT32_MAX);
    lwip->woken = false;
    return goes_on;
}

/* 5321 4.1.3 */
static const char *name_of_end(struct postino_transport *transport)
{
    struct postino_lwip *lwip = lwip_of(transport);
    char *at = lwip->name;
    *at++ = '[';
    LOCK_TCPIP_CORE();
    if (lwip->pcb) {
        if (IP_IS_V6_VAL(lwip->pcb->local_ip)) {
            memcpy(at, "IPv6:", 5);
            at += 5;
        }
        ipaddr_ntoa_r(&lwip->pcb->local_ip, at, IPADDR_STRLEN_MAX);
    }
    UNLOCK_TCPIP_CORE();
    strcat(lwip->name, "]");
    return lwip->name;
}

void postino_lwip_init(struct postino_lwip *lwip, const char *host, uint16_t port)
{
    memset(lwip, 0, sizeof *lwip);
    lwip->transport.connect = connect_to;
    lwip->transport.read = read_some;
    lwip->transport.write = write_some;
    lwip->transport.close = close_all;
    lwip->transport.wait = wait_until;
    lwip->transport.now_ms = now_ms;
    lwip->transport.name = name_of_end;
    lwip->host = host;
    lwip->port = port;
}
