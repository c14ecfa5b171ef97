/* The kernel's entry, in a file of its own: programs that adopt threads instead have no tx_application_define. */
#include "host.h"

/* The memory that a device has behind its program. */
#define MEMORY_SIZE (16U << 20)

/* Only threads that may still run keep the program alive: one that is suspended waits for nobody. */
static bool any_alive(void)
{
    for (const TX_THREAD *thread = nxh_threads; thread != NULL; thread = thread->tx_thread_created_next) {
        if (!nxh_thread_ended(thread) && thread->tx_thread_state != TX_SUSPENDED && !thread->tx_thread_host_adopted) {
            return true;
        }
    }
    return false;
}

VOID tx_kernel_enter(VOID)
{
    static VOID *memory;
    nxh_lock();
    if (memory == NULL) {
        memory = calloc(1, MEMORY_SIZE);
    }
    nxh_initializing = true;
    nxh_unlock();
    tx_application_define(memory);
    nxh_lock();
    nxh_initializing = false;
    for (TX_THREAD *thread = nxh_threads; thread != NULL; thread = thread->tx_thread_created_next) {
        if (thread->tx_thread_state == TX_READY && !thread->tx_thread_host_started) {
            (void)nxh_thread_start(thread);
        }
    }
    while (any_alive()) {
        nxh_idle();
    }
    nxh_unlock();
}
