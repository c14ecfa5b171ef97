/* What NetX Duo's port header gives to applications and add-ons. */
#ifndef NX_PORT_H
#define NX_PORT_H

#ifdef NX_INCLUDE_USER_DEFINE_FILE
#include "nx_user.h"
#endif

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define NX_CHANGE_ULONG_ENDIAN(a)
#define NX_CHANGE_USHORT_ENDIAN(a)
#else
#define NX_LITTLE_ENDIAN           1
#define NX_CHANGE_ULONG_ENDIAN(a)  ((a) = __builtin_bswap32((uint32_t)(a)))
#define NX_CHANGE_USHORT_ENDIAN(a) ((a) = __builtin_bswap16((uint16_t)(a)))
#endif

/* The checks that add-ons put at the top of their services. The layer knows threads and initialization, no interrupts.
 */
#define NX_CALLER_CHECKING_EXTERNS
#define NX_THREADS_ONLY_CALLER_CHECKING                                                                                \
    if (tx_thread_identify() == TX_NULL) {                                                                             \
        return NX_CALLER_ERROR;                                                                                        \
    }
#define NX_THREAD_WAIT_CALLER_CHECKING                                                                                 \
    if (wait_option && tx_thread_identify() == TX_NULL) {                                                              \
        return NX_CALLER_ERROR;                                                                                        \
    }
#define NX_INIT_AND_THREADS_CALLER_CHECKING
#define NX_NOT_ISR_CALLER_CHECKING

#endif
