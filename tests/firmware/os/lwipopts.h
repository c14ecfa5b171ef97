/* lwIP with an operating system: its own thread, and a lock that others take. */
#ifndef TESTS_LWIPOPTS_H
#define TESTS_LWIPOPTS_H

#define NO_SYS                  0
#define SYS_LIGHTWEIGHT_PROT    1
#define LWIP_TCPIP_CORE_LOCKING 1
#define LWIP_COMPAT_MUTEX       1
#define LWIP_COMPAT_MUTEX_ALLOWED
#define LWIP_NETCONN           0
#define LWIP_SOCKET            0
#define TCPIP_MBOX_SIZE        32
#define TCPIP_THREAD_STACKSIZE 0
#define TCPIP_THREAD_PRIO      0
#define LWIP_IPV4              1
#define LWIP_IPV6              1
#define LWIP_DNS               1
#define LWIP_STATS             0
#define IP_REASSEMBLY          0
#define IP_FRAG                0
#define LWIP_IPV6_FRAG         0
#define LWIP_IPV6_REASS        0
#define MEM_ALIGNMENT          8
#define MEM_SIZE               (64 * 1024)
#define PBUF_POOL_SIZE         16
#define PBUF_POOL_BUFSIZE      1536
#define MEMP_NUM_TCP_SEG       32
#define TCP_MSS                1460
#define TCP_SND_BUF            (4 * TCP_MSS)
#define TCP_SND_QUEUELEN       16
#define TCP_WND                (4 * TCP_MSS)

#endif
