/* A delivery from a thread of its own, while lwIP runs in another: deliver PORT KIB. Frames go over
 * examples/firmware/host.c. */
#define _GNU_SOURCE
#include "board.h"

#include <lwip/etharp.h>
#include <lwip/netif.h>
#include <lwip/tcpip.h>
#include <postino/lwip.h>
#include <postino/message.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    ROW = 32
};

static struct netif interface;
static uint32_t frame[(BOARD_FRAME_MAX + 3) / 4];

void firmware_assertion(const char *message)
{
    fprintf(stderr, "%s\n", message);
    abort();
}

uint32_t firmware_random(void)
{
    return (uint32_t)random();
}

static err_t send_frame(struct netif *netif, struct pbuf *octets)
{
    static uint32_t out[(BOARD_FRAME_MAX + 3) / 4]; /* of lwIP's thread, under its lock */
    (void)netif;
    pbuf_copy_partial(octets, out, octets->tot_len, 0);
    return board_ethernet_send(out, octets->tot_len) ? ERR_OK : ERR_MEM;
}

static err_t begin(struct netif *netif)
{
    static const uint8_t address[] = {0x02, 'P', 'o', 's', 't', 2};
    memcpy(netif->hwaddr, address, sizeof address);
    netif->hwaddr_len = sizeof address;
    netif->mtu = 1500;
    netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET | NETIF_FLAG_LINK_UP;
    netif->output = etharp_output;
    netif->linkoutput = send_frame;
    board_ethernet_begin(address);
    return ERR_OK;
}

static void started(void *done)
{
    ip4_addr_t own, mask, way;
    ip4addr_aton("10.0.2.15", &own);
    ip4addr_aton("255.255.255.0", &mask);
    ip4addr_aton("10.0.2.2", &way);
    netif_add(&interface, &own, &mask, &way, NULL, begin, tcpip_input);
    netif_set_default(&interface);
    netif_set_up(&interface);
    sys_sem_signal(done);
}

static void receive_frames(void *argument)
{
    (void)argument;
    for (;;) {
        size_t length = board_ethernet_receive(frame, sizeof frame);
        struct pbuf *octets = length ? pbuf_alloc(PBUF_RAW, (u16_t)length, PBUF_POOL) : NULL;
        if (!length)
            usleep(200);
        if (!octets)
            continue;
        pbuf_take(octets, frame, (u16_t)length);
        if (interface.input(octets, &interface) != ERR_OK)
            pbuf_free(octets);
    }
}

/* The thread sleeps until the stack has something, or it is time. */
static bool pause_thread(struct postino_lwip *lwip, uint32_t ms)
{
    for (uint32_t since = board_ms(); !lwip->woken && board_ms() - since < ms;)
        usleep(200);
    return true;
}

struct sensor_log {
    struct postino_source source;
    uint32_t size, at;
};

static ptrdiff_t read_log(struct postino_source *source, void *buffer, size_t size)
{
    struct sensor_log *log = (struct sensor_log *)source;
    size_t count = 0;
    for (; count < size && log->at < log->size; count++, log->at++) {
        char row[ROW + 1];
        uint32_t n = log->at / ROW, tenths = 180 + n * 2654435761u % 100;
        snprintf(row, sizeof row, "%010u;temperature;%2u.%u;ok\r\n", n, tenths / 10, tenths % 10);
        ((char *)buffer)[count] = row[log->at % ROW];
    }
    return (ptrdiff_t)count;
}

int main(int argc, char **argv)
{
    static struct sensor_log sensor_log = {{.read = read_log}, 0, 0};
    static struct postino_small_message message = {.from = "boiler@example.test",
                                                   .to = "operator@example.test",
                                                   .subject = "Alarm: boiler 7 is too hot",
                                                   .message_id = "1@boiler.example.test",
                                                   .text = "The temperature of boiler 7 is above 95 degrees.\n",
                                                   .attachment = &sensor_log.source,
                                                   .filename = "log.csv",
                                                   .type = "text/csv"};
    static struct postino_lwip lwip;
    static char output[1024], input[256];
    static const struct postino_extension *const extensions[] = {&postino_pipelining, NULL};
    struct postino_recipient recipient = {.address = "operator@example.test"};
    struct postino_mail mail = {.reverse_path = "boiler@example.test",
                                .recipients = &recipient,
                                .recipient_count = 1,
                                .source = &message.source};
    struct postino_delivery_config config = {.transport = &lwip.transport,
                                             .session = {.extensions = extensions},
                                             .output = output,
                                             .output_size = sizeof output,
                                             .input = input,
                                             .input_size = sizeof input};
    struct postino_delivery delivery;
    sys_sem_t done;
    if (argc != 3)
        return 64;
    sensor_log.size = (uint32_t)atoi(argv[2]) * 1024;
    sys_sem_new(&done, 0);
    tcpip_init(started, &done);
    sys_arch_sem_wait(&done, 0);
    sys_thread_new("frames", receive_frames, NULL, 0, 0);
    postino_lwip_init(&lwip, "10.0.2.2", (uint16_t)atoi(argv[1]));
    lwip.pause = pause_thread;
    if (!postino_small_message_open(&message) || postino_delivery_init(&delivery, &config, &mail) != POSTINO_OK)
        return 70;
    postino_delivery_run(&delivery);
    usleep(200000);
    printf("%s\n", postino_outcome_name(postino_outcome_of(&mail.result)));
    fflush(stdout);
    _exit(mail.result.outcome != POSTINO_ACCEPTED); /* lwIP's threads have no end */
}
