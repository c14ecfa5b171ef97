/* Included by add-ons; everything they need of it is in nx_api.h. */
#ifndef NX_SYSTEM_H
#define NX_SYSTEM_H

#include "nx_api.h"

#endif
