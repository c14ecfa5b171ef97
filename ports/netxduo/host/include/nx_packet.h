/* For add-ons that ask whether a packet pool was created. */
#ifndef NX_PACKET_H
#define NX_PACKET_H

#include "nx_api.h"

#define NX_PACKET_POOL_ID   ((ULONG)0x5041434B)
#define NX_PACKET_FREE      ((ALIGN_TYPE)0xFFFFFFFF)
#define NX_PACKET_ALLOCATED ((ALIGN_TYPE)0xAAAAAAAA)
#define NX_PACKET_ENQUEUED  ((ALIGN_TYPE)0xEEEEEEEE)

#endif
