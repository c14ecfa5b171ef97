/* The constants of NetX Duo's interface: sizes, options, states and status values. Included by nx_api.h. */
#ifndef NX_VALUES_H
#define NX_VALUES_H

#define NETXDUO_MAJOR_VERSION 6
#define NETXDUO_MINOR_VERSION 4
#define NETXDUO_PATCH_VERSION 2
#define __PRODUCT_NETXDUO__

#ifdef NX_DISABLE_IPV6
#undef FEATURE_NX_IPV6
#elif !defined(FEATURE_NX_IPV6)
#define FEATURE_NX_IPV6
#endif

#ifndef NX_IP_PERIODIC_RATE
#define NX_IP_PERIODIC_RATE TX_TIMER_TICKS_PER_SECOND
#endif
#ifndef NX_MAX_STRING_LENGTH
#define NX_MAX_STRING_LENGTH 1024
#endif
#ifndef NX_RAND
#define NX_RAND rand
#endif
#ifndef NX_SRAND
#define NX_SRAND srand
#endif
#ifndef NX_ASSERT
#ifndef NX_ASSERT_FAIL
#define NX_ASSERT_FAIL abort();
#endif
#define NX_ASSERT(s)                                                                                                   \
    if (!(s)) {                                                                                                        \
        NX_ASSERT_FAIL                                                                                                 \
    }
#endif

#define NX_NO_WAIT      0
#define NX_WAIT_FOREVER ((ULONG)0xFFFFFFFF)
#define NX_TRUE         1
#define NX_FALSE        0
#define NX_NULL         0
#define NX_FOREVER      1

#ifndef NX_MAX_PORT
#define NX_MAX_PORT 0xFFFF
#endif
#define NX_ANY_PORT 0
#ifndef NX_SEARCH_PORT_START
#define NX_SEARCH_PORT_START 0xC000
#endif

/* Room before the data of a packet, by what it will carry. */
#ifndef NX_PACKET_ALIGNMENT
#define NX_PACKET_ALIGNMENT sizeof(ULONG)
#endif
#ifndef NX_PHYSICAL_HEADER
#define NX_PHYSICAL_HEADER 16
#endif
#ifndef NX_PHYSICAL_TRAILER
#define NX_PHYSICAL_TRAILER 4
#endif
#define NX_IPv4_PACKET      (NX_PHYSICAL_HEADER + 20)
#define NX_IPv4_TCP_PACKET  (NX_IPv4_PACKET + 20)
#define NX_IPv4_UDP_PACKET  (NX_IPv4_PACKET + 8)
#define NX_IPv4_ICMP_PACKET (NX_IPv4_PACKET)
#define NX_IPv6_PACKET      (NX_PHYSICAL_HEADER + 40)
#define NX_IPv6_TCP_PACKET  (NX_IPv6_PACKET + 20)
#define NX_IPv6_UDP_PACKET  (NX_IPv6_PACKET + 8)
#define NX_IPv6_ICMP_PACKET (NX_IPv6_PACKET)
#define NX_RECEIVE_PACKET   0
#ifdef FEATURE_NX_IPV6
#define NX_IP_PACKET   NX_IPv6_PACKET
#define NX_TCP_PACKET  NX_IPv6_TCP_PACKET
#define NX_UDP_PACKET  NX_IPv6_UDP_PACKET
#define NX_ICMP_PACKET NX_IPv6_ICMP_PACKET
#else
#define NX_IP_PACKET   NX_IPv4_PACKET
#define NX_TCP_PACKET  NX_IPv4_TCP_PACKET
#define NX_UDP_PACKET  NX_IPv4_UDP_PACKET
#define NX_ICMP_PACKET NX_IPv4_ICMP_PACKET
#endif
#define NX_IGMP_PACKET NX_IPv4_PACKET

#define NX_FRAGMENT_OKAY   ((ULONG)0x00000000)
#define NX_DONT_FRAGMENT   ((ULONG)0x00004000)
#define NX_IP_NORMAL       ((ULONG)0x00000000)
#define NX_IP_MIN_DELAY    ((ULONG)0x00100000)
#define NX_IP_MAX_DATA     ((ULONG)0x00080000)
#define NX_IP_MAX_RELIABLE ((ULONG)0x00040000)
#define NX_IP_MIN_COST     ((ULONG)0x00020000)
#define NX_IP_TOS_MASK     ((ULONG)0x00FF0000)
#define NX_IP_TIME_TO_LIVE ((ULONG)0x00000080)

#define NX_IP_VERSION_V4 0x4
#define NX_IP_VERSION_V6 0x6

#define IP_ADDRESS(a, b, c, d) ((((ULONG)a) << 24) | (((ULONG)b) << 16) | (((ULONG)c) << 8) | ((ULONG)d))

#define NX_IP_CLASS_D_MASK      ((ULONG)0xF0000000)
#define NX_IP_CLASS_D_TYPE      ((ULONG)0xE0000000)
#define NX_IP_LIMITED_BROADCAST ((ULONG)0xFFFFFFFF)
#define NX_IP_LOOPBACK_FIRST    ((ULONG)0x7F000000)
#define NX_IP_LOOPBACK_LAST     ((ULONG)0x7FFFFFFF)

#ifndef NX_MAX_PHYSICAL_INTERFACES
#define NX_MAX_PHYSICAL_INTERFACES 1
#endif
#ifndef NX_MAX_IPV6_ADDRESSES
#define NX_MAX_IPV6_ADDRESSES (NX_MAX_PHYSICAL_INTERFACES * 3)
#endif
#define NX_LOOPBACK_INTERFACE NX_MAX_PHYSICAL_INTERFACES
#define NX_MAX_IP_INTERFACES  (NX_MAX_PHYSICAL_INTERFACES + 1)

/* What nx_ip_status_check asks about. */
#define NX_IP_INITIALIZE_DONE        ((ULONG)0x0001)
#define NX_IP_ADDRESS_RESOLVED       ((ULONG)0x0002)
#define NX_IP_LINK_ENABLED           ((ULONG)0x0004)
#define NX_IP_ARP_ENABLED            ((ULONG)0x0008)
#define NX_IP_UDP_ENABLED            ((ULONG)0x0010)
#define NX_IP_TCP_ENABLED            ((ULONG)0x0020)
#define NX_IP_IGMP_ENABLED           ((ULONG)0x0040)
#define NX_IP_RARP_COMPLETE          ((ULONG)0x0080)
#define NX_IP_INTERFACE_LINK_ENABLED ((ULONG)0x0100)

/* States of a TCP socket. */
#define NX_TCP_CLOSED       1
#define NX_TCP_LISTEN_STATE 2
#define NX_TCP_SYN_SENT     3
#define NX_TCP_SYN_RECEIVED 4
#define NX_TCP_ESTABLISHED  5
#define NX_TCP_CLOSE_WAIT   6
#define NX_TCP_FIN_WAIT_1   7
#define NX_TCP_FIN_WAIT_2   8
#define NX_TCP_CLOSING      9
#define NX_TCP_TIMED_WAIT   10
#define NX_TCP_LAST_ACK     11

/* What services return. */
#define NX_SUCCESS              0x00
#define NX_NO_PACKET            0x01
#define NX_UNDERFLOW            0x02
#define NX_OVERFLOW             0x03
#define NX_NO_MAPPING           0x04
#define NX_DELETED              0x05
#define NX_POOL_ERROR           0x06
#define NX_PTR_ERROR            0x07
#define NX_WAIT_ERROR           0x08
#define NX_SIZE_ERROR           0x09
#define NX_OPTION_ERROR         0x0a
#define NX_DELETE_ERROR         0x10
#define NX_CALLER_ERROR         0x11
#define NX_INVALID_PACKET       0x12
#define NX_INVALID_SOCKET       0x13
#define NX_NOT_ENABLED          0x14
#define NX_ALREADY_ENABLED      0x15
#define NX_ENTRY_NOT_FOUND      0x16
#define NX_NO_MORE_ENTRIES      0x17
#define NX_ARP_TIMER_ERROR      0x18
#define NX_WAIT_ABORTED         0x1A
#define NX_IP_INTERNAL_ERROR    0x20
#define NX_IP_ADDRESS_ERROR     0x21
#define NX_ALREADY_BOUND        0x22
#define NX_PORT_UNAVAILABLE     0x23
#define NX_NOT_BOUND            0x24
#define NX_SOCKET_UNBOUND       0x26
#define NX_NOT_CREATED          0x27
#define NX_SOCKETS_BOUND        0x28
#define NX_NO_RESPONSE          0x29
#define NX_POOL_DELETED         0x30
#define NX_ALREADY_RELEASED     0x31
#define NX_MAX_LISTEN           0x33
#define NX_DUPLICATE_LISTEN     0x34
#define NX_NOT_CLOSED           0x35
#define NX_NOT_LISTEN_STATE     0x36
#define NX_IN_PROGRESS          0x37
#define NX_NOT_CONNECTED        0x38
#define NX_WINDOW_OVERFLOW      0x39
#define NX_ALREADY_SUSPENDED    0x40
#define NX_DISCONNECT_FAILED    0x41
#define NX_STILL_BOUND          0x42
#define NX_NOT_SUCCESSFUL       0x43
#define NX_UNHANDLED_COMMAND    0x44
#define NX_NO_FREE_PORTS        0x45
#define NX_INVALID_PORT         0x46
#define NX_INVALID_RELISTEN     0x47
#define NX_CONNECTION_PENDING   0x48
#define NX_TX_QUEUE_DEPTH       0x49
#define NX_NOT_IMPLEMENTED      0x4A
#define NX_NOT_SUPPORTED        0x4B
#define NX_INVALID_INTERFACE    0x4C
#define NX_INVALID_PARAMETERS   0x4D
#define NX_NOT_FOUND            0x4E
#define NX_CANNOT_START         0x4F
#define NX_NO_INTERFACE_ADDRESS 0x50
#define NX_INVALID_MTU_DATA     0x51
#define NX_DUPLICATED_ENTRY     0x52
#define NX_PACKET_OFFSET_ERROR  0x53
#define NX_OPTION_HEADER_ERROR  0x54
#define NX_CONTINUE             0x55
#define NX_TCPIP_OFFLOAD_ERROR  0x56

#endif
