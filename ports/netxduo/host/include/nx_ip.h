/* For add-ons that ask whether an IP instance was created. */
#ifndef NX_IP_H
#define NX_IP_H

#include "nx_api.h"

#define NX_IP_ID ((ULONG)0x49502020)

#endif
