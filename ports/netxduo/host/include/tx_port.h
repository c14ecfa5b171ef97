/* The types and sizes of the ThreadX port that this layer stands for: a 32-bit ULONG on every host, as on a device. */
#ifndef TX_PORT_H
#define TX_PORT_H

#ifdef TX_INCLUDE_USER_DEFINE_FILE
#include "tx_user.h"
#endif

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef void VOID;
typedef char CHAR;
typedef unsigned char UCHAR;
typedef int INT;
typedef unsigned int UINT;
typedef short SHORT;
typedef unsigned short USHORT;
#ifdef __LP64__
typedef int LONG;
typedef unsigned int ULONG;
#else
typedef long LONG;
typedef unsigned long ULONG;
#endif
typedef uint64_t ULONG64;
typedef uintptr_t ALIGN_TYPE;
#define ULONG64_DEFINED
#define ALIGN_TYPE_DEFINED

#ifndef TX_MAX_PRIORITIES
#define TX_MAX_PRIORITIES 32
#endif
#ifndef TX_MINIMUM_STACK
#define TX_MINIMUM_STACK 200
#endif

#define TX_INT_DISABLE 1
#define TX_INT_ENABLE  0

/* The lock of the layer stands for the interrupt lock-out; a service that waits is not called under it. */
#define TX_INTERRUPT_SAVE_AREA UINT interrupt_save;
#define TX_DISABLE             interrupt_save = tx_interrupt_control(TX_INT_DISABLE);
#define TX_RESTORE             (void)tx_interrupt_control(interrupt_save);

#endif
