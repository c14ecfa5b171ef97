/* NetX Secure's session type by name only: interfaces can mention it; this layer has no TLS. */
#ifndef NX_SECURE_TLS_API_H
#define NX_SECURE_TLS_API_H

#include "nx_api.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct NX_SECURE_TLS_SESSION_STRUCT NX_SECURE_TLS_SESSION;

#ifdef __cplusplus
}
#endif

#endif
