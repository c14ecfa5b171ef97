/* A wire with a delay: runs a server and a client in two network namespaces and carries their packets from one to the
 * other, each a fixed time after it was sent. Prints what passed as JSON, for round_trips.py. */
#define _GNU_SOURCE
#include "wire.h"

#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#define LARGEST_PACKET 65536
#define NS_PER_MS      1000000

struct packet {
    struct packet *next;
    int64_t due;
    size_t event, length;
    unsigned char octets[];
};

/* The packets under way in one direction. The delay is the same for all, so that they arrive in the order they left. */
struct lane {
    struct packet *first, **last;
};

struct options {
    double delay_ms, loss_percent;
    uint64_t seed;
    size_t head;
    unsigned port;
    const char *server, *events;
    char *const *client;
};

struct wire {
    struct wire_end ends[2];
    struct lane lanes[2]; /* by sender */
    struct wire_events events;
    int64_t delay, busy_at; /* busy_at: when a packet was last read or written */
    double loss;
    uint64_t random;
    int signals;
    pid_t client, server;
    int client_status;
};

static const char usage_text[] =
    "usage: wire [--delay-ms N] [--loss PERCENT] [--seed N] [--head OCTETS] [--events FILE]\n"
    "            [--server COMMAND [--wait-port PORT]] -- CLIENT [ARGUMENT]...\n"
    "COMMAND is for sh and stays in the foreground; both find the server's addresses in POSTINO_ADDRESS and\n"
    "POSTINO_ADDRESS6. The exit status is the client's; 77 where namespaces or /dev/net/tun are missing.\n";

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* The same seed loses the same packets of the same sequence: a run can be repeated. (Numbers: SplitMix64.) */
static bool is_lost(struct wire *wire)
{
    uint64_t number = wire->random += 0x9e3779b97f4a7c15U;
    number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9U;
    number = (number ^ (number >> 27)) * 0x94d049bb133111ebU;
    return (double)((number ^ (number >> 31)) >> 11) * 0x1p-53 < wire->loss;
}

static void enqueue(struct lane *lane, const unsigned char *octets, size_t length, int64_t due, size_t event)
{
    struct packet *packet = malloc(sizeof(*packet) + length);
    if (!packet) {
        err(EX_OSERR, "memory for packets");
    }
    *packet = (struct packet){.due = due, .event = event, .length = length};
    memcpy(packet->octets, octets, length);
    *lane->last = packet;
    lane->last = &packet->next;
}

static void take_sent(struct wire *wire, enum wire_side side)
{
    static unsigned char octets[LARGEST_PACKET];
    ssize_t length;
    while ((length = read(wire->ends[side].tun, octets, sizeof(octets))) > 0) {
        int64_t now = now_ns();
        size_t event = wire_event_sent(&wire->events, side, now, octets, (size_t)length);
        wire->busy_at = now;
        if (wire->loss <= 0 || !is_lost(wire)) {
            enqueue(&wire->lanes[side], octets, (size_t)length, now + wire->delay, event);
        }
    }
    if (length < 0 && errno != EAGAIN && errno != EINTR) {
        err(EX_OSERR, "cannot read a packet");
    }
}

static void deliver_due(struct wire *wire, enum wire_side side)
{
    struct lane *lane = &wire->lanes[side];
    for (struct packet *packet; (packet = lane->first) && packet->due <= now_ns();) {
        if (write(wire->ends[1 - side].tun, packet->octets, packet->length) < 0) {
            warn("cannot deliver a packet");
        } else {
            wire->busy_at = now_ns();
            wire_event_arrived(&wire->events, packet->event, wire->busy_at);
        }
        lane->first = packet->next;
        if (!lane->first) {
            lane->last = &lane->first;
        }
        free(packet);
    }
}

static void take_signals(struct wire *wire)
{
    struct signalfd_siginfo signal;
    int status;
    if (read(wire->signals, &signal, sizeof(signal)) != (ssize_t)sizeof(signal)) {
        return;
    }
    if (signal.ssi_signo != SIGCHLD && wire->client) {
        kill(wire->client, SIGTERM);
    }
    for (pid_t ended; (ended = waitpid(-1, &status, WNOHANG)) > 0;) {
        if (ended == wire->client) {
            wire->client = 0;
            wire->client_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        } else if (ended == wire->server) {
            wire->server = 0;
        }
    }
}

static void move_until(struct wire *wire, int64_t deadline)
{
    struct pollfd ready[] = {{.fd = wire->ends[WIRE_CLIENT].tun, .events = POLLIN},
                             {.fd = wire->ends[WIRE_SERVER].tun, .events = POLLIN},
                             {.fd = wire->signals, .events = POLLIN}};
    int64_t next = deadline, now = now_ns();
    for (enum wire_side side = WIRE_CLIENT; side <= WIRE_SERVER; side++) {
        if (wire->lanes[side].first && wire->lanes[side].first->due < next) {
            next = wire->lanes[side].first->due;
        }
    }
    int64_t wait = next > now ? next - now : 0;
    struct timespec timeout = {.tv_sec = (time_t)(wait / 1000000000), .tv_nsec = (long)(wait % 1000000000)};
    if (ppoll(ready, 3, &timeout, NULL) < 0 && errno != EINTR) {
        err(EX_OSERR, "cannot poll");
    }
    for (enum wire_side side = WIRE_CLIENT; side <= WIRE_SERVER; side++) {
        deliver_due(wire, side);
        take_sent(wire, side);
    }
    take_signals(wire);
}

/* Carries packets while the client runs, and behind it until the last of them have passed: the ends of connections. */
static void carry(struct wire *wire)
{
    while (wire->client) {
        move_until(wire, now_ns() + 1000000000);
    }
    int64_t ended = now_ns(), quiet = 2 * wire->delay + 20 * NS_PER_MS;
    wire->busy_at = ended;
    while (now_ns() < wire->busy_at + quiet && now_ns() < ended + 5000000000) {
        move_until(wire, wire->busy_at + quiet);
    }
}

/* The server may clear away; what it does not end in time ends with its process namespace. */
static void stop_server(struct wire *wire)
{
    int64_t patience = now_ns() + 5000000000;
    if (!wire->server) {
        return;
    }
    kill(wire->server, SIGTERM);
    while (wire->server && now_ns() < patience) {
        move_until(wire, patience);
    }
    if (wire->server) {
        kill(wire->server, SIGKILL);
        waitpid(wire->server, NULL, 0);
    }
}

static double number(const char *text, double most)
{
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end || !(value >= 0 && value <= most)) {
        errx(EX_USAGE, "not a number from 0 to %.0f: %s", most, text);
    }
    return value;
}

static const struct option long_options[] = {{"delay-ms", required_argument, NULL, 'd'},
                                             {"loss", required_argument, NULL, 'l'},
                                             {"seed", required_argument, NULL, 's'},
                                             {"head", required_argument, NULL, 'h'},
                                             {"server", required_argument, NULL, 'S'},
                                             {"wait-port", required_argument, NULL, 'p'},
                                             {"events", required_argument, NULL, 'e'},
                                             {"help", no_argument, NULL, '?'},
                                             {0}};

static void set_option(struct options *options, int letter, const char *value)
{
    switch (letter) {
    case 'd':
        options->delay_ms = number(value, 60000);
        return;
    case 'l':
        options->loss_percent = number(value, 100);
        return;
    case 's':
        options->seed = (uint64_t)number(value, 0x1p53);
        return;
    case 'h':
        options->head = (size_t)number(value, LARGEST_PACKET);
        return;
    case 'S':
        options->server = value;
        return;
    case 'p':
        options->port = (unsigned)number(value, 65535);
        return;
    case 'e':
        options->events = value;
        return;
    default:
        fputs(usage_text, stderr);
        exit(EX_USAGE);
    }
}

static struct options parse_options(int count, char **arguments)
{
    struct options options = {.delay_ms = 50, .seed = 1, .head = LARGEST_PACKET};
    for (int letter; (letter = getopt_long(count, arguments, "+", long_options, NULL)) != -1;) {
        set_option(&options, letter, optarg);
    }
    options.client = arguments + optind;
    if (optind == count || (options.port && !options.server)) {
        set_option(&options, '?', NULL);
    }
    return options;
}

static void set_up(struct wire *wire, const struct options *options)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGCHLD);
    wire_create(wire->ends);
    if (options->server) {
        wire->server = wire_start_server(&wire->ends[WIRE_SERVER], options->server);
    }
    if (options->port) {
        wire_await_port(&wire->ends[WIRE_SERVER], options->port, wire->server);
    }
    sigprocmask(SIG_BLOCK, &signals, NULL);
    wire->signals = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
    if (wire->signals < 0) {
        err(EX_OSERR, "no signalfd");
    }
    prctl(PR_SET_TIMERSLACK, 1UL); /* the kernel may otherwise wake up 50 microseconds late */
    wire->events.start = now_ns();
    wire->client = wire_start_client(&wire->ends[WIRE_CLIENT], options->client);
}

int main(int count, char **arguments)
{
    struct options options = parse_options(count, arguments);
    struct wire wire = {.delay = (int64_t)(options.delay_ms * NS_PER_MS),
                        .loss = options.loss_percent / 100,
                        .random = options.seed,
                        .events = {.head = options.head}};
    for (enum wire_side side = WIRE_CLIENT; side <= WIRE_SERVER; side++) {
        wire.lanes[side].last = &wire.lanes[side].first;
    }
    FILE *to = options.events ? fopen(options.events, "we") : stdout;
    if (!to) {
        err(EX_CANTCREAT, "%s", options.events);
    }
    set_up(&wire, &options);
    carry(&wire);
    stop_server(&wire);
    wire_events_print(&wire.events, to);
    if (fclose(to) != 0) {
        err(EX_IOERR, "cannot write the events");
    }
    wire_events_free(&wire.events);
    return wire.client_status;
}
