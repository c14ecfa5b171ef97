/*
 * A device with an alarm: it sends a mail with the log of its sensor attached, which is larger than its memory, and
 * says what became of it. What a real device has in its settings comes from the emulator's command line, as in
 *
 *     host=10.0.2.2 port=2525 tls=starttls name=mail.example.test user=device password=secret kib=300
 */
#include "board.h"
#include "network.h"

#include <lwip/ip_addr.h>
#include <postino/bearssl.h>
#include <postino/lwip.h>
#include <postino/message.h>
#include <postino/outbox.h>
#include <stdio.h>
#include <string.h>

#include "anchors.h"

enum {
    OUTPUT_SIZE = 1024,
    INPUT_SIZE = 256,
    ROW = 32 /* octets of the log */
};

static struct {
    const char *host, *port, *tls, *name, *user, *password, *kib, *address, *address6, *gateway, *dns, *tries,
        *no_clock, *outbox, *records, *pin;
} settings = {.host = "10.0.2.2",
              .port = "2525",
              .tls = "no",
              .kib = "24",
              .address = "10.0.2.15",
              .address6 = "fd00::15",
              .gateway = "10.0.2.2",
              .dns = "10.0.2.3",
              .tries = "3"};

static void read_settings(int count, char **words)
{
    static const struct {
        const char *name;
        const char **value;
    } known[] = {{"host", &settings.host},         {"port", &settings.port},
                 {"tls", &settings.tls},           {"name", &settings.name},
                 {"user", &settings.user},         {"password", &settings.password},
                 {"kib", &settings.kib},           {"address", &settings.address},
                 {"gateway", &settings.gateway},   {"tries", &settings.tries},
                 {"no-clock", &settings.no_clock}, {"dns", &settings.dns},
                 {"address6", &settings.address6}, {"outbox", &settings.outbox},
                 {"records", &settings.records},   {"pin", &settings.pin}};
    for (int i = 0; i < count; i++) {
        char *value = strchr(words[i], '=');
        if (!value)
            continue;
        *value++ = '\0';
        for (size_t j = 0; j < sizeof known / sizeof *known; j++)
            if (strcmp(known[j].name, words[i]) == 0)
                *known[j].value = value;
    }
}

static unsigned long number(const char *text)
{
    unsigned long n = 0;
    while (*text >= '0' && *text <= '9')
        n = 10 * n + (unsigned long)(*text++ - '0');
    return n;
}

/* ---- The log: rows of a sensor, made when they are read ---- */

struct sensor_log {
    struct postino_source source;
    uint32_t size, at;
};

static void make_row(char row[ROW + 1], uint32_t at)
{
    uint32_t n = at / ROW, tenths = 180 + n * 2654435761u % 100;
    snprintf(row, ROW + 1, "%010lu;temperature;%2lu.%lu;ok\r\n", (unsigned long)n, (unsigned long)(tenths / 10),
             (unsigned long)(tenths % 10));
}

static ptrdiff_t read_log(struct postino_source *source, void *buffer, size_t size)
{
    struct sensor_log *log = (struct sensor_log *)source;
    char *to = buffer, row[ROW + 1];
    size_t count = 0;
    for (; count < size && log->at < log->size; count++, log->at++) {
        if (count == 0 || log->at % ROW == 0)
            make_row(row, log->at);
        to[count] = row[log->at % ROW];
    }
    return (ptrdiff_t)count;
}

static bool rewind_log(struct postino_source *source)
{
    ((struct sensor_log *)source)->at = 0;
    return true;
}

/* ---- The mail ---- */

static const struct postino_mailbox from = {"Boiler 7", "boiler@example.test"}, to = {NULL, "operator@example.test"};
static char id[64], reply[128], recipient_reply[128];
static uint8_t random_octets[2][POSTINO_MESSAGE_RANDOMNESS];
static struct sensor_log sensor_log = {{.read = read_log, .rewind = rewind_log}, 0, 0};
static struct postino_memory_source text;
static struct postino_part part = {.source = &sensor_log.source, .filename = "log.csv", .type = "text/csv"};
static struct postino_date date;
static struct postino_message message = {.from = {&from, 1},
                                         .to = {&to, 1},
                                         .subject = "Alarm: boiler 7 is too hot",
                                         .message_id = id,
                                         .text = &text.source,
                                         .parts = &part,
                                         .part_count = 1,
                                         .multipart = &postino_multipart,
                                         .randomness = random_octets[1]};
static struct postino_message_source composed;
static struct postino_recipient recipient;
static struct postino_mail mail;

static bool compose(void)
{
    static const char words[] = "The temperature of boiler 7 is above 95 degrees.\n";
    sensor_log.size = (uint32_t)number(settings.kib) * 1024;
    sensor_log.source.length = sensor_log.size;
    date.seconds = (int64_t)board_now();
    message.date = settings.no_clock ? NULL : &date; /* none is better than a wrong one */
    postino_memory_source_open(&text, words, sizeof words - 1);
    return board_random(random_octets, sizeof random_octets) &&
           postino_message_id(id, sizeof id, random_octets[0], "boiler.example.test") &&
           postino_message_open(&composed, &message) == POSTINO_MESSAGE_OK;
}

/* ---- The way ---- */

static struct postino_lwip lwip;
static struct postino_bearssl tls;
static struct postino_bearssl_dateless dateless;
static unsigned char records_in[BR_SSL_BUFSIZE_INPUT], records_out[OUTPUT_SIZE + 85];
static struct postino_bearssl_options trusted = {.anchors = anchors,
                                                 .anchor_count = sizeof anchors / sizeof *anchors,
                                                 .random = board_random,
                                                 .now = board_now,
                                                 .in = records_in,
                                                 .in_size = sizeof records_in,
                                                 .out = records_out,
                                                 .out_size = sizeof records_out,
                                                 .resume = true};
static char output[OUTPUT_SIZE], input[INPUT_SIZE], session_text[128];
static const struct postino_mechanism *const mechanisms[] = {&postino_plain, &postino_login, NULL};
static struct postino_sasl sasl = {.mechanisms = mechanisms, .initial_response = postino_initial_response};
static const struct postino_extension *const extensions[] = {&postino_pipelining, &postino_8bitmime, &postino_size,
                                                             NULL};
static struct postino_delivery_config config = {
    .session = {.extensions = extensions,
                .enhanced = &postino_enhanced,
                .text = session_text,
                .text_size = sizeof session_text},
    .output = output,
    .output_size = sizeof output,
    .input = input,
    .input_size = sizeof input,
};
static struct postino_delivery delivery;

/* no-clock=SECONDS: the device knows no time but that of its firmware. */
static uint64_t firmware_time(void)
{
    return number(settings.no_clock);
}

static void choose_way(void)
{
    bool starttls = strcmp(settings.tls, "starttls") == 0;
    postino_lwip_init(&lwip, settings.host, (uint16_t)number(settings.port));
    config.transport = &lwip.transport;
    if (starttls || strcmp(settings.tls, "implicit") == 0) {
        trusted.host = settings.name ? settings.name : settings.host;
        if (settings.records) /* room for those of the server, in octets */
            trusted.in_size =
                number(settings.records) < sizeof records_in ? number(settings.records) : sizeof records_in;
        if (settings.pin) /* the key of that anchor, and no other */
            trusted.key = &anchors[number(settings.pin) % (sizeof anchors / sizeof *anchors)].pkey;
        if (settings.no_clock) {
            trusted.now = firmware_time;
            trusted.no_clock = &postino_bearssl_no_clock;
            trusted.dateless = &dateless;
        }
        postino_bearssl_init(&tls, &lwip.transport, &trusted);
        config.transport = &tls.transport;
        config.implicit_tls = !starttls;
        config.session.opening[0] = starttls ? &postino_starttls_required : NULL;
    }
    if (settings.user) {
        sasl.user = settings.user;
        sasl.password = settings.password ? settings.password : "";
        sasl.in_clear = config.transport == &lwip.transport;
        config.session.opening[1] = &postino_auth_basic;
        config.session.sasl = &sasl;
    }
}

/* ---- What it does ---- */

static void say(const char *what, const struct postino_result *result)
{
    char line[256];
    snprintf(line, sizeof line, "%s: %s at %s: %s%s%s\n", what, postino_outcome_name(postino_outcome_of(result)),
             postino_step_name((enum postino_step)result->step),
             postino_reason_name((enum postino_reason)result->reason), result->code ? ": " : "",
             result->code && result->text ? result->text : "");
    board_print(line);
    if (tls.error && result->reason >= POSTINO_REASON_HANDSHAKE && result->reason <= POSTINO_REASON_CERTIFICATE) {
        snprintf(line, sizeof line, "TLS: %s (%d)\n", postino_bearssl_problem(tls.error), tls.error);
        board_print(line);
    }
}

static void wait_ms(uint32_t ms)
{
    uint32_t since = board_ms();
    while (board_ms() - since < ms)
        network_run();
}

/* Tries once. The main loop of a real device does other things, too, in between. */
static enum postino_outcome deliver(struct postino_mail *what)
{
    struct postino_wants wants;
    if (postino_delivery_init(&delivery, &config, what) != POSTINO_OK)
        return POSTINO_REFUSED_FOR_GOOD;
    while (postino_delivery_step(&delivery, &wants)) {
        lwip.woken = false;
        do
            network_run();
        while (!lwip.woken && board_ms() < wants.until_ms);
    }
    if (tls.resumed)
        board_print("TLS: resumed\n");
    say("alarm", &what->result);
    return postino_outcome_of(&what->result);
}

static void begin_mail(void)
{
    recipient = (struct postino_recipient){.address = to.address,
                                           .result = {.text = recipient_reply, .text_size = sizeof recipient_reply}};
    mail = (struct postino_mail){.reverse_path = from.address,
                                 .recipients = &recipient,
                                 .recipient_count = 1,
                                 .source = &composed.source,
                                 .result = {.text = reply, .text_size = sizeof reply}};
}

/* One alarm, with its log, from where it is made. */
static bool send_log(void)
{
    enum postino_outcome outcome = POSTINO_NOT_TRIED;
    for (unsigned long i = number(settings.tries); i && outcome != POSTINO_ACCEPTED; i--) {
        begin_mail();
        outcome = deliver(&mail);
        if (outcome == POSTINO_REFUSED_FOR_GOOD || i == 1)
            break;
        if (outcome != POSTINO_ACCEPTED)
            wait_ms(2000);
    }
    return outcome == POSTINO_ACCEPTED;
}

/* ---- outbox=N: so many alarms without a log, kept until they are taken; the flash is memory here ---- */

static uint8_t flash[5 * 1024];
static struct postino_memory_store store;
static struct postino_outbox outbox;

static bool keep_alarms(unsigned long count)
{
    memset(flash, 0xFF, sizeof flash);
    postino_memory_store_open(&store, flash, 1024, sizeof flash / 1024, 4);
    message.part_count = 0;
    message.multipart = NULL;
    if (postino_outbox_open(&outbox, &store.store) != POSTINO_OUTBOX_OK)
        return false;
    for (; count; count--) {
        begin_mail();
        if (!compose() || postino_outbox_put(&outbox, &mail) != POSTINO_OUTBOX_OK)
            return false;
    }
    return true;
}

/* A pause is not waited for: the clock of the outbox jumps over it. */
static bool send_kept(void)
{
    uint64_t jumped = 0;
    char line[64];
    for (unsigned passes = 0; outbox.waiting && passes < 3; passes++) {
        while (postino_outbox_next(&outbox, board_ms() + jumped)) {
            deliver(&outbox.mail);
            postino_outbox_done(&outbox, board_ms() + jumped);
        }
        snprintf(line, sizeof line, "outbox: %lu wait\n", (unsigned long)outbox.waiting);
        board_print(line);
        if (outbox.waiting)
            jumped += postino_outbox_wait_ms(&outbox, board_ms() + jumped);
    }
    return !outbox.waiting && !outbox.damaged;
}

int main(void)
{
    char line[512], *words[16];
    read_settings(board_arguments(line, sizeof line, words, 16), words);
    network_begin(settings.address, settings.address6, settings.gateway, settings.dns);
    choose_way();
    if (settings.outbox ? !keep_alarms(number(settings.outbox)) : !compose()) {
        board_print("the mail cannot be composed, or kept\n");
        return 2;
    }
    bool sent = settings.outbox ? send_kept() : send_log();
    snprintf(line, sizeof line, "stack: %lu octets; %lu ms\n", (unsigned long)board_stack_used(),
             (unsigned long)board_ms());
    board_print(line);
    wait_ms(200); /* for the last words of TCP */
    return sent ? 0 : 1;
}
