/* What threads do to themselves and to each other, and the time. */
#include <sched.h>

#include "host.h"

ULONG tx_time_get(VOID)
{
    nxh_lock();
    return nxh_leave(nxh_ticks());
}

VOID tx_time_set(ULONG new_time)
{
    nxh_lock();
    nxh_ticks_set(new_time);
    nxh_unlock();
}

UINT tx_thread_sleep(ULONG timer_ticks)
{
    if (nxh_self() == NULL) {
        return TX_CALLER_ERROR;
    }
    nxh_enter_kernel();
    struct nxh_wait wait = nxh_wait_begin(timer_ticks, TX_SLEEP);
    enum nxh_wake wake;
    do {
        wake = nxh_wait_change(&wait);
    } while (wake == NXH_AGAIN);
    return nxh_leave(wake == NXH_ABORTED ? TX_WAIT_ABORTED : TX_SUCCESS);
}

VOID tx_thread_relinquish(VOID)
{
    nxh_enter_kernel();
    nxh_unlock();
    sched_yield();
}

UINT tx_thread_resume(TX_THREAD *thread_ptr)
{
    if (!nxh_thread_valid(thread_ptr)) {
        return TX_THREAD_ERROR;
    }
    nxh_enter_kernel();
    if (thread_ptr->tx_thread_host_suspend) {
        thread_ptr->tx_thread_host_suspend = 0;
        return nxh_leave(TX_SUSPEND_LIFTED);
    }
    if (thread_ptr->tx_thread_state != TX_SUSPENDED) {
        return nxh_leave(TX_RESUME_ERROR);
    }
    return nxh_leave(nxh_thread_make_ready(thread_ptr));
}

/* Another thread that runs is suspended when it next calls a service: a POSIX thread cannot be stopped from outside. */
UINT tx_thread_suspend(TX_THREAD *thread_ptr)
{
    if (!nxh_thread_valid(thread_ptr)) {
        return TX_THREAD_ERROR;
    }
    nxh_enter_kernel();
    if (nxh_thread_ended(thread_ptr)) {
        return nxh_leave(TX_SUSPEND_ERROR);
    }
    if (thread_ptr->tx_thread_state == TX_SUSPENDED) {
        return nxh_leave(TX_SUCCESS);
    }
    if (!thread_ptr->tx_thread_host_started) {
        thread_ptr->tx_thread_state = TX_SUSPENDED;
        return nxh_leave(TX_SUCCESS);
    }
    thread_ptr->tx_thread_host_suspend = 1;
    if (thread_ptr == nxh_self()) {
        nxh_obey(thread_ptr);
    }
    nxh_changed();
    return nxh_leave(TX_SUCCESS);
}

/* Returns when the thread has ended, which a running one does when it next calls a service. */
UINT tx_thread_terminate(TX_THREAD *thread_ptr)
{
    if (!nxh_thread_valid(thread_ptr)) {
        return TX_THREAD_ERROR;
    }
    nxh_enter_kernel();
    if (nxh_thread_ended(thread_ptr)) {
        return nxh_leave(TX_SUCCESS);
    }
    if (!thread_ptr->tx_thread_host_started) {
        thread_ptr->tx_thread_state = TX_TERMINATED;
        return nxh_leave(TX_SUCCESS);
    }
    thread_ptr->tx_thread_host_terminate = 1;
    nxh_changed();
    if (thread_ptr == nxh_self()) {
        nxh_obey(thread_ptr);
    }
    while (!nxh_thread_ended(thread_ptr)) {
        nxh_idle();
    }
    return nxh_leave(TX_SUCCESS);
}

UINT tx_thread_delete(TX_THREAD *thread_ptr)
{
    if (!nxh_thread_valid(thread_ptr)) {
        return TX_THREAD_ERROR;
    }
    nxh_enter_kernel();
    if (!nxh_thread_ended(thread_ptr)) {
        return nxh_leave(TX_DELETE_ERROR);
    }
    nxh_thread_forget(thread_ptr);
    return nxh_leave(TX_SUCCESS);
}

UINT tx_thread_wait_abort(TX_THREAD *thread_ptr)
{
    if (!nxh_thread_valid(thread_ptr)) {
        return TX_THREAD_ERROR;
    }
    nxh_enter_kernel();
    if (thread_ptr->tx_thread_state < TX_SLEEP) {
        return nxh_leave(TX_WAIT_ABORT_ERROR);
    }
    thread_ptr->tx_thread_host_abort = 1;
    nxh_changed();
    return nxh_leave(TX_SUCCESS);
}

UINT tx_thread_priority_change(TX_THREAD *thread_ptr, UINT new_priority, UINT *old_priority)
{
    if (!nxh_thread_valid(thread_ptr)) {
        return TX_THREAD_ERROR;
    }
    if (old_priority == NULL) {
        return TX_PTR_ERROR;
    }
    if (new_priority >= TX_MAX_PRIORITIES) {
        return TX_PRIORITY_ERROR;
    }
    nxh_enter_kernel();
    *old_priority = thread_ptr->tx_thread_priority;
    thread_ptr->tx_thread_priority = thread_ptr->tx_thread_user_priority = new_priority;
    return nxh_leave(TX_SUCCESS);
}

UINT tx_thread_preemption_change(TX_THREAD *thread_ptr, UINT new_threshold, UINT *old_threshold)
{
    if (!nxh_thread_valid(thread_ptr)) {
        return TX_THREAD_ERROR;
    }
    if (old_threshold == NULL) {
        return TX_PTR_ERROR;
    }
    nxh_enter_kernel();
    if (new_threshold > thread_ptr->tx_thread_priority) {
        return nxh_leave(TX_THRESH_ERROR);
    }
    *old_threshold = thread_ptr->tx_thread_user_preempt_threshold;
    thread_ptr->tx_thread_user_preempt_threshold = new_threshold;
    return nxh_leave(TX_SUCCESS);
}

/* Any destination may be NULL. */
UINT tx_thread_info_get(TX_THREAD *thread_ptr, CHAR **name, UINT *state, ULONG *run_count, UINT *priority,
                        UINT *preemption_threshold, ULONG *time_slice, TX_THREAD **next_thread,
                        TX_THREAD **next_suspended_thread)
{
    CHAR *no_name;
    UINT no_uint;
    ULONG no_ulong;
    TX_THREAD *no_thread;
    if (!nxh_thread_valid(thread_ptr)) {
        return TX_THREAD_ERROR;
    }
    nxh_enter_kernel();
    *(name ? name : &no_name) = thread_ptr->tx_thread_name;
    *(state ? state : &no_uint) = thread_ptr->tx_thread_state;
    *(run_count ? run_count : &no_ulong) = thread_ptr->tx_thread_run_count;
    *(priority ? priority : &no_uint) = thread_ptr->tx_thread_priority;
    *(preemption_threshold ? preemption_threshold : &no_uint) = thread_ptr->tx_thread_user_preempt_threshold;
    *(time_slice ? time_slice : &no_ulong) = thread_ptr->tx_thread_time_slice;
    *(next_thread ? next_thread : &no_thread) = thread_ptr->tx_thread_created_next;
    *(next_suspended_thread ? next_suspended_thread : &no_thread) = NULL;
    return nxh_leave(TX_SUCCESS);
}
