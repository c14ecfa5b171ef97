/* A delaying wire between two network namespaces: the parts of the program bench/wire. */
#ifndef POSTINO_BENCH_WIRE_H
#define POSTINO_BENCH_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

enum wire_side {
    WIRE_CLIENT,
    WIRE_SERVER
};

/* One end: a network namespace and the descriptor from which the packets that it sends are read. */
struct wire_end {
    int namespace;
    int tun;
};

/* wire_net.c: namespaces and processes. Each ends the program with a message where the kernel refuses. */
void wire_create(struct wire_end ends[2]);
pid_t wire_start_client(const struct wire_end *end, char *const command[]);
/* The command runs as a tree of its own: when the process returned here dies, the kernel ends all that descends from
 * it. */
pid_t wire_start_server(const struct wire_end *end, const char *command);
/* Returns once a server in this namespace has greeted; gives up when none did in 30 s, or when the process `server`
 * ended. */
void wire_await_port(const struct wire_end *end, unsigned port, pid_t server);

/* wire_events.c: what passed. Times are in nanoseconds of the monotonic clock. */
struct wire_events {
    struct wire_event *list;
    size_t count, size;
    struct wire_connection *connections;
    size_t connection_count, connection_size;
    size_t head; /* octets of payload that are kept of each segment */
    int64_t start;
};

#define WIRE_NO_EVENT SIZE_MAX

/* Notes a packet that leaves `side`; the number of its event, or WIRE_NO_EVENT for what is not worth one (not TCP, or
 * an acknowledgement alone). */
size_t wire_event_sent(struct wire_events *events, enum wire_side side, int64_t now, const unsigned char *packet,
                       size_t length);
void wire_event_arrived(struct wire_events *events, size_t event, int64_t now);
void wire_events_print(const struct wire_events *events, FILE *to);
void wire_events_free(struct wire_events *events);

#endif
