/* For add-ons that reckon with the size of headers. */
#ifndef NX_IPV6_H
#define NX_IPV6_H

#include "nx_api.h"

typedef struct NX_IPV6_HEADER_STRUCT {
    uint32_t nx_ip_header_word_0;
    uint32_t nx_ip_header_word_1;
    uint32_t nx_ip_header_source_ip[4];
    uint32_t nx_ip_header_destination_ip[4];
} NX_IPV6_HEADER;

#endif
