/* For add-ons that ask whether a TCP socket was created, or reckon with the size of headers. */
#ifndef NX_TCP_H
#define NX_TCP_H

#include "nx_api.h"

#define NX_TCP_ID ((ULONG)0x54435020)
#ifndef NX_TCP_MAXIMUM_TX_QUEUE
#define NX_TCP_MAXIMUM_TX_QUEUE 20
#endif
#ifndef NX_TCP_MAXIMUM_RETRIES
#define NX_TCP_MAXIMUM_RETRIES 10
#endif
#ifndef NX_TCP_RETRY_SHIFT
#define NX_TCP_RETRY_SHIFT 0
#endif
#ifndef NX_TCP_TRANSMIT_TIMER_RATE
#define NX_TCP_TRANSMIT_TIMER_RATE 1
#endif

typedef struct NX_TCP_HEADER_STRUCT {
    uint32_t nx_tcp_header_word_0;
    uint32_t nx_tcp_sequence_number;
    uint32_t nx_tcp_acknowledgment_number;
    uint32_t nx_tcp_header_word_3;
    uint32_t nx_tcp_header_word_4;
} NX_TCP_HEADER;

#endif
