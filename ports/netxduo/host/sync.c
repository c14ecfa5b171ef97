/* Mutexes, semaphores and event flags. */
#include "host.h"

UINT tx_mutex_create(TX_MUTEX *mutex_ptr, CHAR *name_ptr, UINT inherit)
{
    if (mutex_ptr == NULL || mutex_ptr->tx_mutex_id == NXH_MUTEX_ID) {
        return TX_MUTEX_ERROR;
    }
    if (inherit != TX_INHERIT && inherit != TX_NO_INHERIT) {
        return TX_INHERIT_ERROR;
    }
    nxh_enter_kernel();
    memset(mutex_ptr, 0, sizeof *mutex_ptr);
    mutex_ptr->tx_mutex_id = NXH_MUTEX_ID;
    mutex_ptr->tx_mutex_name = name_ptr;
    mutex_ptr->tx_mutex_inherit = inherit;
    return nxh_leave(TX_SUCCESS);
}

UINT tx_mutex_delete(TX_MUTEX *mutex_ptr)
{
    if (mutex_ptr == NULL || mutex_ptr->tx_mutex_id != NXH_MUTEX_ID) {
        return TX_MUTEX_ERROR;
    }
    nxh_enter_kernel();
    mutex_ptr->tx_mutex_id = 0;
    nxh_changed();
    return nxh_leave(TX_SUCCESS);
}

/* What a wait for an object ends with: NXH_AGAIN where the object is still there. */
static UINT waited(enum nxh_wake wake, bool exists, UINT unavailable)
{
    if (!exists) {
        return TX_DELETED;
    }
    return wake == NXH_ABORTED ? TX_WAIT_ABORTED : wake == NXH_TIMEOUT ? unavailable : TX_SUCCESS;
}

UINT tx_mutex_get(TX_MUTEX *mutex_ptr, ULONG wait_option)
{
    TX_THREAD *self = nxh_self();
    if (mutex_ptr == NULL || mutex_ptr->tx_mutex_id != NXH_MUTEX_ID) {
        return TX_MUTEX_ERROR;
    }
    if (self == NULL) {
        return wait_option != TX_NO_WAIT ? TX_WAIT_ERROR : TX_CALLER_ERROR;
    }
    nxh_enter_kernel();
    struct nxh_wait wait = nxh_wait_begin(wait_option, TX_MUTEX_SUSP);
    UINT status = TX_SUCCESS;
    while (status == TX_SUCCESS && mutex_ptr->tx_mutex_owner != NULL && mutex_ptr->tx_mutex_owner != self) {
        mutex_ptr->tx_mutex_suspended_count++;
        enum nxh_wake wake = nxh_wait_change(&wait);
        mutex_ptr->tx_mutex_suspended_count--;
        status = waited(wake, mutex_ptr->tx_mutex_id == NXH_MUTEX_ID, TX_NOT_AVAILABLE);
    }
    if (status == TX_SUCCESS) {
        mutex_ptr->tx_mutex_owner = self;
        mutex_ptr->tx_mutex_ownership_count++;
    }
    return nxh_leave(status);
}

UINT tx_mutex_put(TX_MUTEX *mutex_ptr)
{
    if (mutex_ptr == NULL || mutex_ptr->tx_mutex_id != NXH_MUTEX_ID) {
        return TX_MUTEX_ERROR;
    }
    nxh_enter_kernel();
    if (nxh_self() == NULL || mutex_ptr->tx_mutex_owner != nxh_self()) {
        return nxh_leave(TX_NOT_OWNED);
    }
    if (--mutex_ptr->tx_mutex_ownership_count == 0) {
        mutex_ptr->tx_mutex_owner = NULL;
        nxh_changed();
    }
    return nxh_leave(TX_SUCCESS);
}

UINT tx_semaphore_create(TX_SEMAPHORE *semaphore_ptr, CHAR *name_ptr, ULONG initial_count)
{
    if (semaphore_ptr == NULL || semaphore_ptr->tx_semaphore_id == NXH_SEMAPHORE_ID) {
        return TX_SEMAPHORE_ERROR;
    }
    nxh_enter_kernel();
    memset(semaphore_ptr, 0, sizeof *semaphore_ptr);
    semaphore_ptr->tx_semaphore_id = NXH_SEMAPHORE_ID;
    semaphore_ptr->tx_semaphore_name = name_ptr;
    semaphore_ptr->tx_semaphore_count = initial_count;
    return nxh_leave(TX_SUCCESS);
}

UINT tx_semaphore_delete(TX_SEMAPHORE *semaphore_ptr)
{
    if (semaphore_ptr == NULL || semaphore_ptr->tx_semaphore_id != NXH_SEMAPHORE_ID) {
        return TX_SEMAPHORE_ERROR;
    }
    nxh_enter_kernel();
    semaphore_ptr->tx_semaphore_id = 0;
    nxh_changed();
    return nxh_leave(TX_SUCCESS);
}

UINT tx_semaphore_get(TX_SEMAPHORE *semaphore_ptr, ULONG wait_option)
{
    if (semaphore_ptr == NULL || semaphore_ptr->tx_semaphore_id != NXH_SEMAPHORE_ID) {
        return TX_SEMAPHORE_ERROR;
    }
    if (wait_option != TX_NO_WAIT && nxh_self() == NULL) {
        return TX_WAIT_ERROR;
    }
    nxh_enter_kernel();
    struct nxh_wait wait = nxh_wait_begin(wait_option, TX_SEMAPHORE_SUSP);
    UINT status = TX_SUCCESS;
    while (status == TX_SUCCESS && semaphore_ptr->tx_semaphore_count == 0) {
        semaphore_ptr->tx_semaphore_suspended_count++;
        enum nxh_wake wake = nxh_wait_change(&wait);
        semaphore_ptr->tx_semaphore_suspended_count--;
        status = waited(wake, semaphore_ptr->tx_semaphore_id == NXH_SEMAPHORE_ID, TX_NO_INSTANCE);
    }
    if (status == TX_SUCCESS) {
        semaphore_ptr->tx_semaphore_count--;
    }
    return nxh_leave(status);
}

UINT tx_semaphore_put(TX_SEMAPHORE *semaphore_ptr)
{
    if (semaphore_ptr == NULL || semaphore_ptr->tx_semaphore_id != NXH_SEMAPHORE_ID) {
        return TX_SEMAPHORE_ERROR;
    }
    nxh_enter_kernel();
    semaphore_ptr->tx_semaphore_count++;
    nxh_changed();
    return nxh_leave(TX_SUCCESS);
}

UINT tx_event_flags_create(TX_EVENT_FLAGS_GROUP *group_ptr, CHAR *name_ptr)
{
    if (group_ptr == NULL || group_ptr->tx_event_flags_group_id == NXH_FLAGS_ID) {
        return TX_GROUP_ERROR;
    }
    nxh_enter_kernel();
    memset(group_ptr, 0, sizeof *group_ptr);
    group_ptr->tx_event_flags_group_id = NXH_FLAGS_ID;
    group_ptr->tx_event_flags_group_name = name_ptr;
    return nxh_leave(TX_SUCCESS);
}

UINT tx_event_flags_delete(TX_EVENT_FLAGS_GROUP *group_ptr)
{
    if (group_ptr == NULL || group_ptr->tx_event_flags_group_id != NXH_FLAGS_ID) {
        return TX_GROUP_ERROR;
    }
    nxh_enter_kernel();
    group_ptr->tx_event_flags_group_id = 0;
    nxh_changed();
    return nxh_leave(TX_SUCCESS);
}

static bool flags_there(ULONG current, ULONG requested, UINT option)
{
    bool all = option == TX_AND || option == TX_AND_CLEAR;
    return all ? (current & requested) == requested : (current & requested) != 0;
}

UINT tx_event_flags_get(TX_EVENT_FLAGS_GROUP *group_ptr, ULONG requested_flags, UINT get_option,
                        ULONG *actual_flags_ptr, ULONG wait_option)
{
    if (group_ptr == NULL || group_ptr->tx_event_flags_group_id != NXH_FLAGS_ID) {
        return TX_GROUP_ERROR;
    }
    if (actual_flags_ptr == NULL) {
        return TX_PTR_ERROR;
    }
    if (wait_option != TX_NO_WAIT && nxh_self() == NULL) {
        return TX_WAIT_ERROR;
    }
    if (get_option > TX_AND_CLEAR) {
        return TX_OPTION_ERROR;
    }
    nxh_enter_kernel();
    struct nxh_wait wait = nxh_wait_begin(wait_option, TX_EVENT_FLAG);
    UINT status = TX_SUCCESS;
    while (status == TX_SUCCESS && !flags_there(group_ptr->tx_event_flags_group_current, requested_flags, get_option)) {
        group_ptr->tx_event_flags_group_suspended_count++;
        enum nxh_wake wake = nxh_wait_change(&wait);
        group_ptr->tx_event_flags_group_suspended_count--;
        status = waited(wake, group_ptr->tx_event_flags_group_id == NXH_FLAGS_ID, TX_NO_EVENTS);
    }
    if (status == TX_SUCCESS) {
        *actual_flags_ptr = group_ptr->tx_event_flags_group_current;
        if (get_option == TX_OR_CLEAR || get_option == TX_AND_CLEAR) {
            group_ptr->tx_event_flags_group_current &= ~requested_flags;
        }
    }
    return nxh_leave(status);
}

UINT tx_event_flags_set(TX_EVENT_FLAGS_GROUP *group_ptr, ULONG flags_to_set, UINT set_option)
{
    if (group_ptr == NULL || group_ptr->tx_event_flags_group_id != NXH_FLAGS_ID) {
        return TX_GROUP_ERROR;
    }
    if (set_option != TX_OR && set_option != TX_AND) {
        return TX_OPTION_ERROR;
    }
    nxh_enter_kernel();
    if (set_option == TX_AND) {
        group_ptr->tx_event_flags_group_current &= flags_to_set;
    } else {
        group_ptr->tx_event_flags_group_current |= flags_to_set;
    }
    nxh_changed();
    return nxh_leave(TX_SUCCESS);
}
