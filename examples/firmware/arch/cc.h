/* lwIP's view of the compiler. */
#ifndef FIRMWARE_ARCH_CC_H
#define FIRMWARE_ARCH_CC_H

#include <stdint.h>

void firmware_assertion(const char *message);
uint32_t firmware_random(void);

#define LWIP_PLATFORM_DIAG(x)
#define LWIP_PLATFORM_ASSERT(message) firmware_assertion(message)
#define LWIP_RAND()                   firmware_random()
#define LWIP_NO_INTTYPES_H            1
#define LWIP_NO_CTYPE_H               1
#define X8_F                          "02x"
#define U16_F                         "u"
#define S16_F                         "d"
#define X16_F                         "x"
#define U32_F                         "u"
#define S32_F                         "d"
#define X32_F                         "x"
#define SZT_F                         "u"

#endif
