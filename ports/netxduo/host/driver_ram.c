/* A name for applications to link; in a file of its own so that an application's driver of this name wins. */
#include "nx_api.h"

VOID _nx_ram_network_driver(struct NX_IP_DRIVER_STRUCT *driver_req_ptr)
{
    NX_PARAMETER_NOT_USED(driver_req_ptr);
}
