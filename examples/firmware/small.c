/*
 * The smallest device that still does it all: STARTTLS, AUTH PLAIN, an alarm in ASCII with the log of its sensor
 * attached. No words for people: it exits with the outcome. Its command line: port=2525 kib=300.
 */
#include "board.h"
#include "network.h"

#include <postino/bearssl.h>
#include <postino/lwip.h>
#include <postino/message.h>
#include <string.h>

#include "anchors.h"

enum {
    OUTPUT_SIZE = 384,
    INPUT_SIZE = 64,
    ROW = 32
};

struct sensor_log {
    struct postino_source source;
    uint32_t size, at;
};

static void put_number(char *to, uint32_t number, int digits)
{
    while (digits--) {
        to[digits] = (char)('0' + number % 10);
        number /= 10;
    }
}

static ptrdiff_t read_log(struct postino_source *source, void *buffer, size_t size)
{
    struct sensor_log *log = (struct sensor_log *)source;
    char *to = buffer, row[ROW + 1] = "0000000000;temperature;00.0;ok\r\n";
    size_t count = 0;
    for (; count < size && log->at < log->size; count++, log->at++) {
        uint32_t n = log->at / ROW, tenths = 180 + n * 2654435761u % 100;
        if (count == 0 || log->at % ROW == 0) {
            put_number(row, n, 10);
            put_number(row + 23, tenths / 10, 2);
            put_number(row + 26, tenths % 10, 1);
        }
        to[count] = row[log->at % ROW];
    }
    return (ptrdiff_t)count;
}

static bool rewind_log(struct postino_source *source)
{
    ((struct sensor_log *)source)->at = 0;
    return true;
}

static struct sensor_log sensor_log = {{.read = read_log, .rewind = rewind_log}, 24 * 1024, 0};
static char id[] = "00000000000000000000@boiler.example.test";
static struct postino_small_message message = {.from = "boiler@example.test",
                                               .to = "operator@example.test",
                                               .subject = "Alarm: boiler 7 is too hot",
                                               .message_id = id,
                                               .text = "The temperature of boiler 7 is above 95 degrees.\n",
                                               .attachment = &sensor_log.source,
                                               .filename = "log.csv",
                                               .type = "text/csv"};
static struct postino_lwip lwip;
static struct postino_bearssl tls;
static unsigned char records_in[BR_SSL_BUFSIZE_INPUT], records_out[512 + 85];
static const struct postino_bearssl_options trusted = {.host = "mail.example.test",
                                                       .anchors = anchors,
                                                       .anchor_count = sizeof anchors / sizeof *anchors,
                                                       .random = board_random,
                                                       .now = board_now,
                                                       .in = records_in,
                                                       .in_size = sizeof records_in,
                                                       .out = records_out,
                                                       .out_size = sizeof records_out};
static char output[OUTPUT_SIZE], input[INPUT_SIZE];
static const struct postino_mechanism *const mechanisms[] = {&postino_plain, NULL};
static struct postino_sasl sasl = {.mechanisms = mechanisms, .user = "boiler", .password = "s3cret"};
static const struct postino_extension *const extensions[] = {&postino_pipelining, NULL};
static const struct postino_delivery_config config = {
    .transport = &tls.transport,
    .session = {.extensions = extensions, .opening = {&postino_starttls_required, &postino_auth_basic}, .sasl = &sasl},
    .output = output,
    .output_size = sizeof output,
    .input = input,
    .input_size = sizeof input,
};
static struct postino_delivery delivery;
static struct postino_recipient recipient = {.address = "operator@example.test"};
static struct postino_mail mail = {
    .reverse_path = "boiler@example.test", .recipients = &recipient, .recipient_count = 1, .source = &message.source};

static uint32_t number(const char *text)
{
    uint32_t n = 0;
    while (*text >= '0' && *text <= '9')
        n = 10 * n + (uint32_t)(*text++ - '0');
    return n;
}

int main(void)
{
    char line[64], *words[4];
    uint32_t chance[2];
    uint16_t port = 2525;
    for (int i = board_arguments(line, sizeof line, words, 4); i > 0; i--) {
        if (memcmp(words[i - 1], "port=", 5) == 0)
            port = (uint16_t)number(words[i - 1] + 5);
        if (memcmp(words[i - 1], "kib=", 4) == 0)
            sensor_log.size = number(words[i - 1] + 4) * 1024;
    }
    network_begin("10.0.2.15", "fd00::15", "10.0.2.2", "10.0.2.3");
    if (!board_random(chance, sizeof chance))
        return POSTINO_NOT_TRIED;
    put_number(id, chance[0], 10);
    put_number(id + 10, chance[1], 10);
    postino_lwip_init(&lwip, "10.0.2.2", port);
    postino_bearssl_init(&tls, &lwip.transport, &trusted);
    if (!postino_small_message_open(&message) || postino_delivery_init(&delivery, &config, &mail) != POSTINO_OK)
        return POSTINO_NOT_TRIED;
    for (struct postino_wants wants; postino_delivery_step(&delivery, &wants);) {
        lwip.woken = false;
        do
            network_run();
        while (!lwip.woken && board_ms() < wants.until_ms);
    }
    for (uint32_t since = board_ms(); board_ms() - since < 200;) /* for the last words of TCP */
        network_run();
    return mail.result.outcome == POSTINO_ACCEPTED ? 0 : mail.result.outcome + 10;
}
