/* lwIP for a board of 64 KB: no thread, static memory, a TCP connection or two. */
#ifndef FIRMWARE_LWIPOPTS_H
#define FIRMWARE_LWIPOPTS_H

#include <stdint.h>

#define NO_SYS                  1
#define SYS_LIGHTWEIGHT_PROT    0
#define LWIP_NETCONN            0
#define LWIP_SOCKET             0
#define LWIP_TCPIP_CORE_LOCKING 0

#define LWIP_IPV4            1
#define LWIP_IPV6            1
#define LWIP_DHCP            0
#define LWIP_AUTOIP          0
#define LWIP_DNS             1
#define LWIP_UDP             1
#define LWIP_TCP             1
#define LWIP_ICMP            1
#define LWIP_RAW             0
#define LWIP_STATS           0
#define IP_REASSEMBLY        0
#define IP_FRAG              0
#define LWIP_IPV6_FRAG       0
#define LWIP_IPV6_REASS      0
#define LWIP_IPV6_MLD        1
#define IPV6_FRAG_COPYHEADER 0
#define ARP_QUEUEING         0

#if UINTPTR_MAX > 0xFFFFFFFF
#define MEM_ALIGNMENT 8
#else
#define MEM_ALIGNMENT 4
#endif
#define MEM_SIZE                (6 * 1024)
#define MEMP_NUM_TCP_PCB        3
#define MEMP_NUM_TCP_PCB_LISTEN 1
#define MEMP_NUM_UDP_PCB        2
#define MEMP_NUM_TCP_SEG        10
#define MEMP_NUM_PBUF           4
#define PBUF_POOL_SIZE          5
#define PBUF_POOL_BUFSIZE       1536

#define TCP_MSS          1460
#define TCP_SND_BUF      (2 * TCP_MSS)
#define TCP_SND_QUEUELEN 8
#define TCP_WND          (3 * TCP_MSS)
#define TCP_QUEUE_OOSEQ  0
#define LWIP_ALTCP       0

#endif
