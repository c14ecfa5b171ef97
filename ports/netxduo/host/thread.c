/* Threads of ThreadX on threads of POSIX. */
#include "host.h"

TX_THREAD *nxh_threads;

bool nxh_initializing; /* tx_application_define runs: no thread does */

bool nxh_thread_ended(const TX_THREAD *thread)
{
    return thread->tx_thread_state == TX_COMPLETED || thread->tx_thread_state == TX_TERMINATED;
}

bool nxh_thread_valid(const TX_THREAD *thread)
{
    return thread != NULL && thread->tx_thread_id == NXH_THREAD_ID;
}

/* The last act of a thread; the control block may be reused as soon as the lock is free. */
static void end(TX_THREAD *thread, UINT state)
{
    thread->tx_thread_state = state;
    nxh_changed();
}

void nxh_obey(TX_THREAD *thread)
{
    if (thread->tx_thread_host_suspend && !thread->tx_thread_host_terminate) {
        thread->tx_thread_host_suspend = 0;
        thread->tx_thread_state = TX_SUSPENDED;
        nxh_changed();
        while (thread->tx_thread_state == TX_SUSPENDED && !thread->tx_thread_host_terminate) {
            nxh_idle();
        }
    }
    if (thread->tx_thread_host_terminate) {
        end(thread, TX_TERMINATED);
        nxh_unlock();
        pthread_exit(NULL);
    }
}

static void join(TX_THREAD *thread)
{
    thread->tx_thread_id = NXH_THREAD_ID;
    thread->tx_thread_state = TX_SUSPENDED;
    thread->tx_thread_created_next = nxh_threads;
    nxh_threads = thread;
}

void nxh_thread_forget(TX_THREAD *thread)
{
    TX_THREAD **link = &nxh_threads;
    while (*link != NULL && *link != thread) {
        link = &(*link)->tx_thread_created_next;
    }
    if (*link == thread) {
        *link = thread->tx_thread_created_next;
    }
    thread->tx_thread_id = 0;
}

static void *run(void *argument)
{
    TX_THREAD *thread = (TX_THREAD *)argument;
    nxh_self_set(thread);
    nxh_enter_kernel();
    thread->tx_thread_run_count++;
    nxh_unlock();
    thread->tx_thread_entry(thread->tx_thread_entry_parameter);
    nxh_lock();
    end(thread, TX_COMPLETED);
    nxh_unlock();
    return NULL;
}

UINT nxh_thread_start(TX_THREAD *thread)
{
    pthread_t posix_thread;
    thread->tx_thread_host_started = 1;
    if (pthread_create(&posix_thread, NULL, run, thread) != 0) {
        thread->tx_thread_state = TX_SUSPENDED;
        thread->tx_thread_host_started = 0;
        return TX_START_ERROR;
    }
    pthread_detach(posix_thread);
    return TX_SUCCESS;
}

UINT nxh_thread_make_ready(TX_THREAD *thread)
{
    thread->tx_thread_state = TX_READY;
    nxh_changed();
    return thread->tx_thread_host_started || nxh_initializing ? TX_SUCCESS : nxh_thread_start(thread);
}

UINT tx_thread_create(TX_THREAD *thread_ptr, CHAR *name_ptr, VOID (*entry_function)(ULONG entry_input),
                      ULONG entry_input, VOID *stack_start, ULONG stack_size, UINT priority, UINT preempt_threshold,
                      ULONG time_slice, UINT auto_start)
{
    if (thread_ptr == NULL) {
        return TX_THREAD_ERROR;
    }
    if (entry_function == NULL || stack_start == NULL) {
        return TX_PTR_ERROR;
    }
    if (stack_size < TX_MINIMUM_STACK) {
        return TX_SIZE_ERROR;
    }
    if (priority >= TX_MAX_PRIORITIES) {
        return TX_PRIORITY_ERROR;
    }
    if (preempt_threshold > priority) {
        return TX_THRESH_ERROR;
    }
    nxh_enter_kernel();
    for (TX_THREAD *thread = nxh_threads; thread != NULL; thread = thread->tx_thread_created_next) {
        if (thread == thread_ptr) {
            return nxh_leave(TX_THREAD_ERROR);
        }
    }
    memset(thread_ptr, 0, sizeof *thread_ptr);
    thread_ptr->tx_thread_name = name_ptr;
    thread_ptr->tx_thread_entry = entry_function;
    thread_ptr->tx_thread_entry_parameter = entry_input;
    thread_ptr->tx_thread_stack_start = stack_start;
    thread_ptr->tx_thread_stack_size = stack_size;
    thread_ptr->tx_thread_priority = thread_ptr->tx_thread_user_priority = priority;
    thread_ptr->tx_thread_user_preempt_threshold = preempt_threshold;
    thread_ptr->tx_thread_time_slice = time_slice;
    join(thread_ptr);
    return nxh_leave(auto_start == TX_AUTO_START ? nxh_thread_make_ready(thread_ptr) : TX_SUCCESS);
}

TX_THREAD *tx_thread_identify(VOID)
{
    return nxh_self();
}

void nx_host_thread_adopt(TX_THREAD *thread, CHAR *name)
{
    nxh_lock();
    memset(thread, 0, sizeof *thread);
    thread->tx_thread_name = name;
    thread->tx_thread_host_started = 1;
    thread->tx_thread_host_adopted = 1;
    join(thread);
    thread->tx_thread_state = TX_READY;
    nxh_self_set(thread);
    nxh_unlock();
}

void nx_host_thread_leave(void)
{
    nxh_lock();
    TX_THREAD *self = nxh_self();
    if (self != NULL) {
        nxh_thread_forget(self);
        nxh_self_set(NULL);
    }
    nxh_unlock();
}
