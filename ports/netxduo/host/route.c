/* Where the addresses of the application lead: to themselves, or to a socket of the host. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

#include "host.h"

#define RULES 16

struct end {
    int family; /* 0: every address */
    UCHAR octets[16];
    UINT port; /* 0: every port, or the same */
};

struct rule {
    struct end from;
    struct end to;
};

static struct rule rules[RULES];
static unsigned rule_count;

void nxh_routes_reset(void)
{
    rule_count = 0;
}

static struct end end_of_v4(ULONG address, UINT port)
{
    struct end end = {AF_INET, {0}, port};
    uint32_t in_network_order = htonl((uint32_t)address);
    memcpy(end.octets, &in_network_order, 4);
    return end;
}

static struct end end_of_v6(const ULONG address[4], UINT port)
{
    struct end end = {AF_INET6, {0}, port};
    for (unsigned i = 0; i < 4; i++) {
        uint32_t in_network_order = htonl((uint32_t)address[i]);
        memcpy(end.octets + 4 * i, &in_network_order, 4);
    }
    return end;
}

/* Reads `address:port`, `[address]:port` or `*:port`. */
static bool read_end(const char *text, struct end *end)
{
    char address[64];
    char extra;
    memset(end, 0, sizeof *end);
    if (sscanf(text, "[%63[0-9a-fA-F:.]]:%u%c", address, &end->port, &extra) == 2) {
        end->family = AF_INET6;
    } else if (sscanf(text, "%63[0-9.*]:%u%c", address, &end->port, &extra) == 2) {
        end->family = strcmp(address, "*") == 0 ? 0 : AF_INET;
    } else {
        return false;
    }
    return end->port <= NX_MAX_PORT && (end->family == 0 || inet_pton(end->family, address, end->octets) == 1);
}

static bool read_rule(const char *text, size_t length, struct rule *rule)
{
    char copy[160];
    if (length >= sizeof copy) {
        return false;
    }
    memcpy(copy, text, length);
    copy[length] = '\0';
    char *equals = strchr(copy, '=');
    if (equals == NULL) {
        return false;
    }
    *equals = '\0';
    return read_end(copy, &rule->from) && read_end(equals + 1, &rule->to) && rule->to.family != 0;
}

static UINT add(const struct rule *rule)
{
    nxh_lock();
    if (rule_count == RULES) {
        return nxh_leave(NX_NO_MORE_ENTRIES);
    }
    rules[rule_count++] = *rule;
    return nxh_leave(NX_SUCCESS);
}

UINT nx_host_route(ULONG address, UINT port, UINT loopback_port)
{
    struct rule rule = {end_of_v4(address, port), end_of_v4(INADDR_LOOPBACK, loopback_port)};
    return port > NX_MAX_PORT || loopback_port > NX_MAX_PORT ? NX_OPTION_ERROR : add(&rule);
}

UINT nx_host_route_v6(const ULONG address[4], UINT port, UINT loopback_port)
{
    static const ULONG loopback[4] = {0, 0, 0, 1};
    struct rule rule = {end_of_v6(address, port), end_of_v6(loopback, loopback_port)};
    return port > NX_MAX_PORT || loopback_port > NX_MAX_PORT ? NX_OPTION_ERROR : add(&rule);
}

UINT nx_host_routes(const char *text)
{
    for (;;) {
        struct rule rule;
        text += strspn(text, " ");
        size_t length = strcspn(text, " ");
        if (length == 0) {
            return NX_SUCCESS;
        }
        if (!read_rule(text, length, &rule)) {
            return NX_OPTION_ERROR;
        }
        UINT status = add(&rule);
        if (status != NX_SUCCESS) {
            return status;
        }
        text += length;
    }
}

static bool fits(const struct rule *rule, const struct end *wanted)
{
    size_t size = wanted->family == AF_INET ? 4 : 16;
    if (rule->from.port != 0 && rule->from.port != wanted->port) {
        return false;
    }
    return rule->from.family == 0 ||
           (rule->from.family == wanted->family && memcmp(rule->from.octets, wanted->octets, size) == 0);
}

static bool find(const struct rule *from, size_t count, struct end *end)
{
    for (size_t i = 0; i < count; i++) {
        if (fits(&from[i], end)) {
            UINT port = from[i].to.port != 0 ? from[i].to.port : end->port;
            *end = from[i].to;
            end->port = port;
            return true;
        }
    }
    return false;
}

/* A malformed rule in the environment is told: an application that ran without it would write to somewhere else. */
static void find_in_environment(struct end *end)
{
    const char *text = getenv("NX_HOST_ROUTE");
    while (text != NULL && *(text += strspn(text, " ")) != '\0') {
        struct rule rule;
        size_t length = strcspn(text, " ");
        if (!read_rule(text, length, &rule)) {
            fprintf(stderr, "netx host: NX_HOST_ROUTE: what is %.*s?\n", (int)length, text);
            exit(2);
        }
        if (find(&rule, 1, end)) {
            return;
        }
        text += length;
    }
}

unsigned nxh_route(const NXD_ADDRESS *from, UINT port, struct sockaddr_storage *address)
{
#ifdef FEATURE_NX_IPV6
    bool v6 = from->nxd_ip_version == NX_IP_VERSION_V6;
    struct end end = v6 ? end_of_v6(from->nxd_ip_address.v6, port) : end_of_v4(from->nxd_ip_address.v4, port);
#else
    struct end end = end_of_v4(from->nxd_ip_address.v4, port);
#endif
    if (!find(rules, rule_count, &end)) {
        find_in_environment(&end);
    }
    memset(address, 0, sizeof *address);
    if (end.family == AF_INET) {
        struct sockaddr_in *in = (struct sockaddr_in *)(void *)address;
        in->sin_family = AF_INET;
        in->sin_port = htons((uint16_t)end.port);
        memcpy(&in->sin_addr, end.octets, 4);
        return sizeof *in;
    }
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)(void *)address;
    in6->sin6_family = AF_INET6;
    in6->sin6_port = htons((uint16_t)end.port);
    memcpy(&in6->sin6_addr, end.octets, 16);
    return sizeof *in6;
}
