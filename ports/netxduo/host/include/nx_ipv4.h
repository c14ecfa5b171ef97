/* For add-ons that reckon with the size of headers. */
#ifndef NX_IPV4_H
#define NX_IPV4_H

#include "nx_api.h"

typedef struct NX_IPV4_HEADER_STRUCT {
    uint32_t nx_ip_header_word_0;
    uint32_t nx_ip_header_word_1;
    uint32_t nx_ip_header_word_2;
    uint32_t nx_ip_header_source_ip;
    uint32_t nx_ip_header_destination_ip;
} NX_IPV4_HEADER;

#endif
