/* What passed over the wire: every TCP segment with payload, SYN, FIN or RST, with its times and its first octets. */
#include "wire.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

enum {
    TCP_FIN = 1,
    TCP_SYN = 2,
    TCP_RST = 4,
    TCP_PSH = 8,
    TCP_ACK = 16
};

struct wire_event {
    int64_t sent, arrived; /* arrived is 0 for what was lost */
    enum wire_side from;
    size_t connection;
    uint32_t sequence; /* of the first octet of payload, the first of the connection being 0 */
    unsigned flags;
    size_t octets;
    unsigned char *head;
};

struct wire_connection {
    unsigned version, ports[2];
    uint32_t first[2]; /* the sequence number of the first octet that each side sends */
};

struct segment {
    struct wire_connection id; /* `first` holds the sequence number, on the sender's side */
    unsigned flags;
    const unsigned char *payload;
    size_t octets;
};

static unsigned get16(const unsigned char *octets)
{
    return (unsigned)octets[0] << 8 | octets[1];
}

static uint32_t get32(const unsigned char *octets)
{
    return (uint32_t)get16(octets) << 16 | get16(octets + 2);
}

/* The length of the IP header if TCP follows it, else 0; *length becomes that of the packet without padding. */
static size_t ip_header(const unsigned char *packet, size_t *length)
{
    size_t header = 0, total = 0;
    if (*length >= 20 && packet[0] >> 4 == 4 && packet[9] == 6) {
        header = (size_t)(packet[0] & 15) * 4;
        total = get16(packet + 2);
    } else if (*length >= 40 && packet[0] >> 4 == 6 && packet[6] == 6) {
        header = 40;
        total = header + get16(packet + 4);
    }
    if (total > *length || header + 20 > total) {
        return 0;
    }
    *length = total;
    return header;
}

static bool parse(const unsigned char *packet, size_t length, enum wire_side side, struct segment *segment)
{
    size_t header = ip_header(packet, &length);
    const unsigned char *tcp = packet + header;
    size_t data = header ? (size_t)(tcp[12] >> 4) * 4 : 0;
    if (data < 20 || header + data > length) {
        return false;
    }
    segment->id.version = packet[0] >> 4;
    segment->id.ports[side] = get16(tcp);
    segment->id.ports[1 - side] = get16(tcp + 2);
    segment->id.first[side] = get32(tcp + 4);
    segment->flags = tcp[13];
    segment->payload = tcp + data;
    segment->octets = length - header - data;
    return true;
}

static void *grow(void *list, size_t *size, size_t element)
{
    *size = *size ? *size * 2 : 64;
    list = realloc(list, *size * element);
    if (!list) {
        err(EX_OSERR, "memory for events");
    }
    return list;
}

/* The connection of this segment; a new one for a SYN of the client that is no repetition. */
static size_t connection_of(struct wire_events *events, const struct segment *segment, enum wire_side side)
{
    struct wire_connection *found;
    bool opens = side == WIRE_CLIENT && (segment->flags & TCP_SYN);
    for (size_t i = events->connection_count; i-- > 0;) {
        found = &events->connections[i];
        if (found->version == segment->id.version && found->ports[0] == segment->id.ports[0] &&
            found->ports[1] == segment->id.ports[1]) {
            if (opens && found->first[side] != segment->id.first[side] + 1) {
                break;
            }
            return i;
        }
    }
    if (events->connection_count == events->connection_size) {
        events->connections = grow(events->connections, &events->connection_size, sizeof(*events->connections));
    }
    events->connections[events->connection_count] = segment->id;
    return events->connection_count++;
}

static unsigned char *keep(const unsigned char *octets, size_t length)
{
    unsigned char *copy = malloc(length ? length : 1);
    if (!copy) {
        err(EX_OSERR, "memory for events");
    }
    memcpy(copy, octets, length);
    return copy;
}

size_t wire_event_sent(struct wire_events *events, enum wire_side side, int64_t now, const unsigned char *packet,
                       size_t length)
{
    struct segment segment = {0};
    if (!parse(packet, length, side, &segment) ||
        (segment.octets == 0 && !(segment.flags & (TCP_SYN | TCP_FIN | TCP_RST)))) {
        return WIRE_NO_EVENT;
    }
    size_t connection = connection_of(events, &segment, side);
    uint32_t *first = &events->connections[connection].first[side];
    uint32_t sequence = segment.id.first[side];
    if (segment.flags & TCP_SYN) {
        *first = ++sequence; /* the SYN takes a number of its own, data in it the next (RFC 9293 3.4) */
    }
    if (events->count == events->size) {
        events->list = grow(events->list, &events->size, sizeof(*events->list));
    }
    events->list[events->count] = (struct wire_event){
        .sent = now,
        .from = side,
        .connection = connection,
        .sequence = sequence - *first,
        .flags = segment.flags,
        .octets = segment.octets,
        .head = keep(segment.payload, segment.octets < events->head ? segment.octets : events->head),
    };
    return events->count++;
}

void wire_event_arrived(struct wire_events *events, size_t event, int64_t now)
{
    if (event != WIRE_NO_EVENT) {
        events->list[event].arrived = now;
    }
}

/* Every octet stands for the character of that number, so that a reader gets the octets back by Latin-1. */
static void print_text(const unsigned char *octets, size_t length, FILE *to)
{
    for (size_t i = 0; i < length; i++) {
        if (octets[i] == '"' || octets[i] == '\\') {
            fprintf(to, "\\%c", octets[i]);
        } else if (octets[i] < ' ' || octets[i] > '~') {
            fprintf(to, "\\u%04x", octets[i]);
        } else {
            putc(octets[i], to);
        }
    }
}

static void print_flags(unsigned flags, FILE *to)
{
    static const struct {
        unsigned bit;
        char letter;
    } letters[] = {{TCP_SYN, 'S'}, {TCP_FIN, 'F'}, {TCP_RST, 'R'}, {TCP_PSH, 'P'}, {TCP_ACK, 'A'}};
    for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++) {
        if (flags & letters[i].bit) {
            putc(letters[i].letter, to);
        }
    }
}

static void print_event(const struct wire_events *events, const struct wire_event *event, FILE *to)
{
    fprintf(to, "{\"t_ms\": %.3f, \"arrived_ms\": ", (double)(event->sent - events->start) / 1e6);
    if (event->arrived) {
        fprintf(to, "%.3f", (double)(event->arrived - events->start) / 1e6);
    } else {
        fputs("null", to);
    }
    fprintf(to, ", \"connection\": %zu, \"from\": \"%s\", \"flags\": \"", event->connection,
            event->from == WIRE_CLIENT ? "client" : "server");
    print_flags(event->flags, to);
    fprintf(to, "\", \"sequence\": %lu, \"octets\": %zu, \"head\": \"", (unsigned long)event->sequence, event->octets);
    print_text(event->head, event->octets < events->head ? event->octets : events->head, to);
    fputs("\"}", to);
}

void wire_events_print(const struct wire_events *events, FILE *to)
{
    fputs("[", to);
    for (size_t i = 0; i < events->count; i++) {
        fputs(i ? ",\n " : "\n ", to);
        print_event(events, &events->list[i], to);
    }
    fputs("\n]\n", to);
}

void wire_events_free(struct wire_events *events)
{
    for (size_t i = 0; i < events->count; i++) {
        free(events->list[i].head);
    }
    free(events->list);
    free(events->connections);
}
