/* NetX Duo over POSIX sockets: packets, IP instances and TCP client sockets, under their public names.
   Each service checks its arguments and its caller, as NetX Duo does with error checking on.
   Members with _host_ in their name are this layer's own. */
#ifndef NX_API_H
#define NX_API_H

#ifdef __cplusplus
extern "C" {
#endif

#include "nx_port.h"
#include "tx_api.h"

#include "nx_values.h"

/* The library is built with the options of the application: where they differ, these names make the linker say so. */
#ifdef NX_DISABLE_PACKET_CHAIN
#define nx_packet_pool_create nx_host_packet_pool_create_without_chains
#endif
#ifdef NX_DISABLE_IPV6
#define nx_ip_create nx_host_ip_create_without_ipv6
#endif

#ifndef NX_PARAMETER_NOT_USED
#define NX_PARAMETER_NOT_USED(p) ((void)(p))
#endif

typedef struct NXD_ADDRESS_STRUCT {
    ULONG nxd_ip_version;
    union {
        ULONG v4;
#ifdef FEATURE_NX_IPV6
        ULONG v6[4]; /* in host byte order, the most significant word first */
#endif
    } nxd_ip_address;
} NXD_ADDRESS;

struct NX_PACKET_POOL_STRUCT;
struct NX_IP_STRUCT;
struct NX_IP_DRIVER_STRUCT;

typedef struct NX_PACKET_STRUCT {
    struct NX_PACKET_POOL_STRUCT *nx_packet_pool_owner;
#ifndef NX_DISABLE_PACKET_CHAIN
    struct NX_PACKET_STRUCT *nx_packet_next;
#endif
    UCHAR *nx_packet_prepend_ptr; /* first octet of data */
    UCHAR *nx_packet_append_ptr;  /* behind the last octet of data */
    UCHAR *nx_packet_data_start;  /* the payload area */
    UCHAR *nx_packet_data_end;
#ifndef NX_DISABLE_PACKET_CHAIN
    struct NX_PACKET_STRUCT *nx_packet_last; /* of the chain; NULL when there is no chain */
#endif
    struct NX_PACKET_STRUCT *nx_packet_queue_next;
    union {
        struct NX_PACKET_STRUCT *nx_packet_tcp_queue_next;
        struct NX_PACKET_STRUCT *nx_packet_fragment_next;
    } nx_packet_union_next;
    ULONG nx_packet_length; /* of the whole chain */
    UCHAR nx_packet_ip_version;
    UCHAR *nx_packet_ip_header;
    ULONG nx_packet_host_state;
    ULONG64 nx_packet_host_end; /* in the transmit queue: how many octets of the connection end with it */
} NX_PACKET;

typedef struct NX_PACKET_POOL_STRUCT {
    ULONG nx_packet_pool_id;
    CHAR *nx_packet_pool_name;
    ULONG nx_packet_pool_available;
    ULONG nx_packet_pool_total;
    ULONG nx_packet_pool_empty_requests;
    ULONG nx_packet_pool_empty_suspensions;
    ULONG nx_packet_pool_invalid_releases;
    NX_PACKET *nx_packet_pool_available_list;
    CHAR *nx_packet_pool_start;
    ULONG nx_packet_pool_size;
    ULONG nx_packet_pool_payload_size;
    ULONG nx_packet_pool_suspended_count;
    struct NX_PACKET_POOL_STRUCT *nx_packet_pool_created_next;
    ULONG nx_packet_pool_host_stride; /* from one packet to the next */
} NX_PACKET_POOL;

typedef struct NX_INTERFACE_STRUCT {
    CHAR *nx_interface_name;
    UCHAR nx_interface_valid;
    UCHAR nx_interface_link_up;
    ULONG nx_interface_physical_address_msw;
    ULONG nx_interface_physical_address_lsw;
    ULONG nx_interface_ip_address;
    ULONG nx_interface_ip_network_mask;
    ULONG nx_interface_ip_mtu_size;
} NX_INTERFACE;

typedef struct NXD_IPV6_ADDRESS_STRUCT {
    UCHAR nxd_ipv6_address_valid;
    UCHAR nxd_ipv6_address_prefix_length;
    UCHAR nxd_ipv6_address_index;
    ULONG nxd_ipv6_address[4];
} NXD_IPV6_ADDRESS;

typedef struct NX_TCP_SOCKET_STRUCT {
    ULONG nx_tcp_socket_id;
    CHAR *nx_tcp_socket_name;
    UINT nx_tcp_socket_client_type;
    UINT nx_tcp_socket_port; /* 0: not bound */
    ULONG nx_tcp_socket_mss; /* as the application set it; 0: from the interface */
    NXD_ADDRESS nx_tcp_socket_connect_ip;
    UINT nx_tcp_socket_connect_port;
    ULONG nx_tcp_socket_connect_mss;
    ULONG nx_tcp_socket_peer_mss;
    UINT nx_tcp_socket_state;
    ULONG nx_tcp_socket_rx_window_default;
    ULONG nx_tcp_socket_packets_sent;
    ULONG nx_tcp_socket_bytes_sent;
    ULONG nx_tcp_socket_packets_received;
    ULONG nx_tcp_socket_bytes_received;
    struct NX_IP_STRUCT *nx_tcp_socket_ip_ptr;
    ULONG nx_tcp_socket_transmit_queue_maximum;
    ULONG nx_tcp_socket_transmit_sent_count;
    NX_PACKET *nx_tcp_socket_transmit_sent_head;
    NX_PACKET *nx_tcp_socket_transmit_sent_tail;
    struct NX_TCP_SOCKET_STRUCT *nx_tcp_socket_created_next;
    VOID *nx_tcp_socket_reserved_ptr;
    int nx_tcp_socket_host_fd;        /* -1: none */
    UINT nx_tcp_socket_host_users;    /* threads that wait on the descriptor */
    ULONG64 nx_tcp_socket_host_sent;  /* octets of this connection */
    ULONG64 nx_tcp_socket_host_acked; /* how many of them the peer has */
    ULONG64 nx_tcp_socket_host_taken; /* octets received */
} NX_TCP_SOCKET;

typedef struct NX_IP_STRUCT {
    ULONG nx_ip_id;
    CHAR *nx_ip_name;
    NX_PACKET_POOL *nx_ip_default_packet_pool;
    ULONG nx_ip_gateway_address;
    NX_INTERFACE nx_ip_interface[NX_MAX_IP_INTERFACES];
    NXD_IPV6_ADDRESS nx_ipv6_address[NX_MAX_IPV6_ADDRESSES];
    ULONG nx_ip_total_packets_sent;
    ULONG nx_ip_total_bytes_sent;
    ULONG nx_ip_total_packets_received;
    ULONG nx_ip_total_bytes_received;
    NX_TCP_SOCKET *nx_ip_tcp_created_sockets_ptr;
    ULONG nx_ip_tcp_created_sockets_count;
    ULONG nx_ip_host_enabled; /* NX_IP_..._ENABLED bits, and those below */
    UINT nx_ip_host_next_port;
    struct NX_IP_STRUCT *nx_ip_created_next;
} NX_IP;

VOID nx_system_initialize(VOID);

UINT nx_packet_pool_create(NX_PACKET_POOL *pool_ptr, CHAR *name, ULONG payload_size, VOID *memory_ptr,
                           ULONG memory_size);
UINT nx_packet_pool_delete(NX_PACKET_POOL *pool_ptr);
UINT nx_packet_pool_info_get(NX_PACKET_POOL *pool_ptr, ULONG *total_packets, ULONG *free_packets,
                             ULONG *empty_pool_requests, ULONG *empty_pool_suspensions, ULONG *invalid_packet_releases);
UINT nx_packet_allocate(NX_PACKET_POOL *pool_ptr, NX_PACKET **packet_ptr, ULONG packet_type, ULONG wait_option);
UINT nx_packet_copy(NX_PACKET *packet_ptr, NX_PACKET **new_packet_ptr, NX_PACKET_POOL *pool_ptr, ULONG wait_option);
UINT nx_packet_data_append(NX_PACKET *packet_ptr, VOID *data_start, ULONG data_size, NX_PACKET_POOL *pool_ptr,
                           ULONG wait_option);
UINT nx_packet_data_extract_offset(NX_PACKET *packet_ptr, ULONG offset, VOID *buffer_start, ULONG buffer_length,
                                   ULONG *bytes_copied);
UINT nx_packet_data_retrieve(NX_PACKET *packet_ptr, VOID *buffer_start, ULONG *bytes_copied);
UINT nx_packet_length_get(NX_PACKET *packet_ptr, ULONG *length);

/* With error checking the packet pointer itself is set to NULL when the packet is no longer the caller's, so that the
   argument must be a variable; without it, the pointer stays. Code that works here with both works on the device. */
UINT _nxe_packet_release(NX_PACKET **packet_ptr_ptr);
UINT _nxe_packet_transmit_release(NX_PACKET **packet_ptr_ptr);
UINT _nxe_tcp_socket_send(NX_TCP_SOCKET *socket_ptr, NX_PACKET **packet_ptr_ptr, ULONG wait_option);
UINT _nx_packet_release(NX_PACKET *packet_ptr);
UINT _nx_packet_transmit_release(NX_PACKET *packet_ptr);
UINT _nx_tcp_socket_send(NX_TCP_SOCKET *socket_ptr, NX_PACKET *packet_ptr, ULONG wait_option);
#ifdef NX_DISABLE_ERROR_CHECKING
#define nx_packet_release          _nx_packet_release
#define nx_packet_transmit_release _nx_packet_transmit_release
#define nx_tcp_socket_send         _nx_tcp_socket_send
#else
#define nx_packet_release(p)          _nxe_packet_release(&p)
#define nx_packet_transmit_release(p) _nxe_packet_transmit_release(&p)
#define nx_tcp_socket_send(s, p, t)   _nxe_tcp_socket_send(s, &p, t)
#endif

UINT nx_ip_create(NX_IP *ip_ptr, CHAR *name, ULONG ip_address, ULONG network_mask, NX_PACKET_POOL *default_pool,
                  VOID (*ip_link_driver)(struct NX_IP_DRIVER_STRUCT *), VOID *memory_ptr, ULONG memory_size,
                  UINT priority);
UINT nx_ip_delete(NX_IP *ip_ptr);
UINT nx_ip_status_check(NX_IP *ip_ptr, ULONG needed_status, ULONG *actual_status, ULONG wait_option);
UINT nx_ip_interface_status_check(NX_IP *ip_ptr, UINT interface_index, ULONG needed_status, ULONG *actual_status,
                                  ULONG wait_option);
UINT nx_ip_address_get(NX_IP *ip_ptr, ULONG *ip_address, ULONG *network_mask);
UINT nx_ip_address_set(NX_IP *ip_ptr, ULONG ip_address, ULONG network_mask);
UINT nx_ip_interface_address_get(NX_IP *ip_ptr, UINT interface_index, ULONG *ip_address, ULONG *network_mask);
UINT nx_ip_interface_address_set(NX_IP *ip_ptr, UINT interface_index, ULONG ip_address, ULONG network_mask);
UINT nx_ip_gateway_address_get(NX_IP *ip_ptr, ULONG *ip_address);
UINT nx_ip_gateway_address_set(NX_IP *ip_ptr, ULONG ip_address);
UINT nx_ip_fragment_enable(NX_IP *ip_ptr);
UINT nx_arp_enable(NX_IP *ip_ptr, VOID *arp_cache_memory, ULONG arp_cache_size);
UINT nx_icmp_enable(NX_IP *ip_ptr);
UINT nx_igmp_enable(NX_IP *ip_ptr);
UINT nx_tcp_enable(NX_IP *ip_ptr);
UINT nx_udp_enable(NX_IP *ip_ptr);
UINT nxd_icmp_enable(NX_IP *ip_ptr);
UINT nxd_ipv6_enable(NX_IP *ip_ptr);
UINT nxd_ipv6_address_set(NX_IP *ip_ptr, UINT interface_index, NXD_ADDRESS *ip_address, ULONG prefix_length,
                          UINT *address_index);
UINT nxd_ipv6_address_get(NX_IP *ip_ptr, UINT address_index, NXD_ADDRESS *ip_address, ULONG *prefix_length,
                          UINT *interface_index);
UINT nxd_ipv6_default_router_add(NX_IP *ip_ptr, NXD_ADDRESS *router_addr, ULONG router_lifetime, UINT interface_index);

UINT nx_tcp_socket_create(NX_IP *ip_ptr, NX_TCP_SOCKET *socket_ptr, CHAR *name, ULONG type_of_service, ULONG fragment,
                          UINT time_to_live, ULONG window_size,
                          VOID (*tcp_urgent_data_callback)(NX_TCP_SOCKET *socket_ptr),
                          VOID (*tcp_disconnect_callback)(NX_TCP_SOCKET *socket_ptr));
UINT nx_tcp_socket_delete(NX_TCP_SOCKET *socket_ptr);
UINT nx_tcp_client_socket_bind(NX_TCP_SOCKET *socket_ptr, UINT port, ULONG wait_option);
UINT nx_tcp_client_socket_unbind(NX_TCP_SOCKET *socket_ptr);
UINT nx_tcp_client_socket_port_get(NX_TCP_SOCKET *socket_ptr, UINT *port_ptr);
UINT nx_tcp_client_socket_connect(NX_TCP_SOCKET *socket_ptr, ULONG server_ip, UINT server_port, ULONG wait_option);
UINT nxd_tcp_client_socket_connect(NX_TCP_SOCKET *socket_ptr, NXD_ADDRESS *server_ip, UINT server_port,
                                   ULONG wait_option);
UINT nx_tcp_socket_disconnect(NX_TCP_SOCKET *socket_ptr, ULONG wait_option);
UINT nx_tcp_socket_receive(NX_TCP_SOCKET *socket_ptr, NX_PACKET **packet_ptr, ULONG wait_option);
UINT nx_tcp_socket_bytes_available(NX_TCP_SOCKET *socket_ptr, ULONG *bytes_available);
UINT nx_tcp_socket_info_get(NX_TCP_SOCKET *socket_ptr, ULONG *tcp_packets_sent, ULONG *tcp_bytes_sent,
                            ULONG *tcp_packets_received, ULONG *tcp_bytes_received, ULONG *tcp_retransmit_packets,
                            ULONG *tcp_packets_queued, ULONG *tcp_checksum_errors, ULONG *tcp_socket_state,
                            ULONG *tcp_transmit_queue_depth, ULONG *tcp_transmit_window, ULONG *tcp_receive_window);
UINT nx_tcp_socket_mss_get(NX_TCP_SOCKET *socket_ptr, ULONG *mss);
UINT nx_tcp_socket_mss_peer_get(NX_TCP_SOCKET *socket_ptr, ULONG *peer_mss);
UINT nx_tcp_socket_mss_set(NX_TCP_SOCKET *socket_ptr, ULONG mss);
UINT nx_tcp_socket_peer_info_get(NX_TCP_SOCKET *socket_ptr, ULONG *peer_ip_address, ULONG *peer_port);
UINT nxd_tcp_socket_peer_info_get(NX_TCP_SOCKET *socket_ptr, NXD_ADDRESS *peer_ip_address, ULONG *peer_port);
UINT nx_tcp_socket_state_wait(NX_TCP_SOCKET *socket_ptr, UINT desired_state, ULONG wait_option);
UINT nx_tcp_socket_transmit_configure(NX_TCP_SOCKET *socket_ptr, ULONG max_queue_depth, ULONG timeout,
                                      ULONG max_retries, ULONG timeout_shift);

/* Utilities that add-ons use. */
UINT _nx_utility_string_length_check(CHAR *input_string, UINT *string_length, UINT max_string_length);
UINT _nx_utility_base64_encode(UCHAR *name, UINT name_size, UCHAR *base64name, UINT base64name_size,
                               UINT *bytes_copied);
UINT _nx_utility_base64_decode(UCHAR *base64name, UINT base64name_size, UCHAR *name, UINT name_size,
                               UINT *bytes_copied);

/* Drivers that examples name. Nothing calls them: packets travel by the sockets of the host. */
VOID _nx_ram_network_driver(struct NX_IP_DRIVER_STRUCT *driver_req_ptr);
VOID _nx_linux_network_driver(struct NX_IP_DRIVER_STRUCT *driver_req_ptr);

#ifdef __cplusplus
}
#endif

#endif
