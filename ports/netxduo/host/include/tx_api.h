/* ThreadX over POSIX threads: the services that applications with a network use, under their public names.
   Threads run truly in parallel; priorities and stacks are checked and kept, never obeyed. */
#ifndef TX_API_H
#define TX_API_H

#ifdef __cplusplus
extern "C" {
#endif

#include "tx_port.h"

#define AZURE_RTOS_THREADX
#define THREADX_MAJOR_VERSION 6
#define THREADX_MINOR_VERSION 4
#define THREADX_PATCH_VERSION 2

#ifndef TX_PARAMETER_NOT_USED
#define TX_PARAMETER_NOT_USED(p) ((void)(p))
#endif

#define TX_NO_WAIT       ((ULONG)0)
#define TX_WAIT_FOREVER  ((ULONG)0xFFFFFFFFUL)
#define TX_OR            ((UINT)0)
#define TX_OR_CLEAR      ((UINT)1)
#define TX_AND           ((UINT)2)
#define TX_AND_CLEAR     ((UINT)3)
#define TX_1_ULONG       ((UINT)1)
#define TX_2_ULONG       ((UINT)2)
#define TX_4_ULONG       ((UINT)4)
#define TX_8_ULONG       ((UINT)8)
#define TX_16_ULONG      ((UINT)16)
#define TX_NO_TIME_SLICE ((ULONG)0)
#define TX_AUTO_START    ((UINT)1)
#define TX_DONT_START    ((UINT)0)
#define TX_AUTO_ACTIVATE ((UINT)1)
#define TX_NO_ACTIVATE   ((UINT)0)
#define TX_TRUE          ((UINT)1)
#define TX_FALSE         ((UINT)0)
#define TX_NULL          ((void *)0)
#define TX_INHERIT       ((UINT)1)
#define TX_NO_INHERIT    ((UINT)0)

/* States of a thread. */
#define TX_READY           ((UINT)0)
#define TX_COMPLETED       ((UINT)1)
#define TX_TERMINATED      ((UINT)2)
#define TX_SUSPENDED       ((UINT)3)
#define TX_SLEEP           ((UINT)4)
#define TX_QUEUE_SUSP      ((UINT)5)
#define TX_SEMAPHORE_SUSP  ((UINT)6)
#define TX_EVENT_FLAG      ((UINT)7)
#define TX_BLOCK_MEMORY    ((UINT)8)
#define TX_BYTE_MEMORY     ((UINT)9)
#define TX_IO_DRIVER       ((UINT)10)
#define TX_FILE            ((UINT)11)
#define TX_TCP_IP          ((UINT)12)
#define TX_MUTEX_SUSP      ((UINT)13)
#define TX_PRIORITY_CHANGE ((UINT)14)

/* What services return. */
#define TX_SUCCESS             ((UINT)0x00)
#define TX_DELETED             ((UINT)0x01)
#define TX_POOL_ERROR          ((UINT)0x02)
#define TX_PTR_ERROR           ((UINT)0x03)
#define TX_WAIT_ERROR          ((UINT)0x04)
#define TX_SIZE_ERROR          ((UINT)0x05)
#define TX_GROUP_ERROR         ((UINT)0x06)
#define TX_NO_EVENTS           ((UINT)0x07)
#define TX_OPTION_ERROR        ((UINT)0x08)
#define TX_QUEUE_ERROR         ((UINT)0x09)
#define TX_QUEUE_EMPTY         ((UINT)0x0A)
#define TX_QUEUE_FULL          ((UINT)0x0B)
#define TX_SEMAPHORE_ERROR     ((UINT)0x0C)
#define TX_NO_INSTANCE         ((UINT)0x0D)
#define TX_THREAD_ERROR        ((UINT)0x0E)
#define TX_PRIORITY_ERROR      ((UINT)0x0F)
#define TX_NO_MEMORY           ((UINT)0x10)
#define TX_START_ERROR         ((UINT)0x10)
#define TX_DELETE_ERROR        ((UINT)0x11)
#define TX_RESUME_ERROR        ((UINT)0x12)
#define TX_CALLER_ERROR        ((UINT)0x13)
#define TX_SUSPEND_ERROR       ((UINT)0x14)
#define TX_TIMER_ERROR         ((UINT)0x15)
#define TX_TICK_ERROR          ((UINT)0x16)
#define TX_ACTIVATE_ERROR      ((UINT)0x17)
#define TX_THRESH_ERROR        ((UINT)0x18)
#define TX_SUSPEND_LIFTED      ((UINT)0x19)
#define TX_WAIT_ABORTED        ((UINT)0x1A)
#define TX_WAIT_ABORT_ERROR    ((UINT)0x1B)
#define TX_MUTEX_ERROR         ((UINT)0x1C)
#define TX_NOT_AVAILABLE       ((UINT)0x1D)
#define TX_NOT_OWNED           ((UINT)0x1E)
#define TX_INHERIT_ERROR       ((UINT)0x1F)
#define TX_NOT_DONE            ((UINT)0x20)
#define TX_CEILING_EXCEEDED    ((UINT)0x21)
#define TX_INVALID_CEILING     ((UINT)0x22)
#define TX_FEATURE_NOT_ENABLED ((UINT)0xFF)

#ifndef TX_TIMER_TICKS_PER_SECOND
#define TX_TIMER_TICKS_PER_SECOND (100UL)
#endif

/* Code that looks at the kernel's variables sees them through the service: no thread means initialization. */
#define _tx_thread_current_ptr       tx_thread_identify()
#define TX_THREAD_GET_SYSTEM_STATE() (tx_thread_identify() == TX_NULL ? 0xF0F0F0F0UL : 0UL)

/* Members with _host_ in their name are this layer's own. */
typedef struct TX_THREAD_STRUCT {
    ULONG tx_thread_id;
    ULONG tx_thread_run_count;
    VOID *tx_thread_stack_start;
    ULONG tx_thread_stack_size;
    CHAR *tx_thread_name;
    UINT tx_thread_priority;
    UINT tx_thread_user_priority;
    UINT tx_thread_user_preempt_threshold;
    UINT tx_thread_state;
    ULONG tx_thread_time_slice;
    ULONG tx_thread_entry_parameter;
    VOID (*tx_thread_entry)(ULONG);
    struct TX_THREAD_STRUCT *tx_thread_created_next;
    UINT tx_thread_host_started;
    UINT tx_thread_host_terminate; /* another thread wants it ended: at its next service */
    UINT tx_thread_host_suspend;   /* another thread wants it suspended: likewise */
    UINT tx_thread_host_abort;     /* tx_thread_wait_abort was called while it waited */
    UINT tx_thread_host_adopted;   /* runs on a POSIX thread that this layer did not start */
} TX_THREAD;

typedef struct TX_MUTEX_STRUCT {
    ULONG tx_mutex_id;
    CHAR *tx_mutex_name;
    UINT tx_mutex_ownership_count;
    TX_THREAD *tx_mutex_owner;
    UINT tx_mutex_inherit;
    UINT tx_mutex_suspended_count;
} TX_MUTEX;

typedef struct TX_SEMAPHORE_STRUCT {
    ULONG tx_semaphore_id;
    CHAR *tx_semaphore_name;
    ULONG tx_semaphore_count;
    UINT tx_semaphore_suspended_count;
} TX_SEMAPHORE;

typedef struct TX_EVENT_FLAGS_GROUP_STRUCT {
    ULONG tx_event_flags_group_id;
    CHAR *tx_event_flags_group_name;
    ULONG tx_event_flags_group_current;
    UINT tx_event_flags_group_suspended_count;
} TX_EVENT_FLAGS_GROUP;

typedef struct TX_QUEUE_STRUCT {
    ULONG tx_queue_id;
    CHAR *tx_queue_name;
    UINT tx_queue_message_size; /* in ULONGs */
    UINT tx_queue_capacity;
    UINT tx_queue_enqueued;
    UINT tx_queue_available_storage;
    ULONG *tx_queue_start;
    UINT tx_queue_host_read; /* index of the oldest message */
    UINT tx_queue_suspended_count;
} TX_QUEUE;

typedef struct TX_BYTE_POOL_STRUCT {
    ULONG tx_byte_pool_id;
    CHAR *tx_byte_pool_name;
    ULONG tx_byte_pool_available;
    UCHAR *tx_byte_pool_start;
    ULONG tx_byte_pool_size;
    UINT tx_byte_pool_suspended_count;
    struct TX_BYTE_POOL_STRUCT *tx_byte_pool_created_next;
} TX_BYTE_POOL;

/* The application's own: called once, before any thread runs. */
VOID tx_application_define(VOID *first_unused_memory);

/* Returns, unlike on a device, when no thread is left that could ever run. */
VOID tx_kernel_enter(VOID);
UINT tx_interrupt_control(UINT new_posture);

UINT tx_thread_create(TX_THREAD *thread_ptr, CHAR *name_ptr, VOID (*entry_function)(ULONG entry_input),
                      ULONG entry_input, VOID *stack_start, ULONG stack_size, UINT priority, UINT preempt_threshold,
                      ULONG time_slice, UINT auto_start);
UINT tx_thread_delete(TX_THREAD *thread_ptr);
TX_THREAD *tx_thread_identify(VOID);
UINT tx_thread_info_get(TX_THREAD *thread_ptr, CHAR **name, UINT *state, ULONG *run_count, UINT *priority,
                        UINT *preemption_threshold, ULONG *time_slice, TX_THREAD **next_thread,
                        TX_THREAD **next_suspended_thread);
UINT tx_thread_preemption_change(TX_THREAD *thread_ptr, UINT new_threshold, UINT *old_threshold);
UINT tx_thread_priority_change(TX_THREAD *thread_ptr, UINT new_priority, UINT *old_priority);
VOID tx_thread_relinquish(VOID);
UINT tx_thread_resume(TX_THREAD *thread_ptr);
UINT tx_thread_sleep(ULONG timer_ticks);
UINT tx_thread_suspend(TX_THREAD *thread_ptr);
UINT tx_thread_terminate(TX_THREAD *thread_ptr);
UINT tx_thread_wait_abort(TX_THREAD *thread_ptr);

ULONG tx_time_get(VOID);
VOID tx_time_set(ULONG new_time);

UINT tx_mutex_create(TX_MUTEX *mutex_ptr, CHAR *name_ptr, UINT inherit);
UINT tx_mutex_delete(TX_MUTEX *mutex_ptr);
UINT tx_mutex_get(TX_MUTEX *mutex_ptr, ULONG wait_option);
UINT tx_mutex_put(TX_MUTEX *mutex_ptr);

UINT tx_semaphore_create(TX_SEMAPHORE *semaphore_ptr, CHAR *name_ptr, ULONG initial_count);
UINT tx_semaphore_delete(TX_SEMAPHORE *semaphore_ptr);
UINT tx_semaphore_get(TX_SEMAPHORE *semaphore_ptr, ULONG wait_option);
UINT tx_semaphore_put(TX_SEMAPHORE *semaphore_ptr);

UINT tx_event_flags_create(TX_EVENT_FLAGS_GROUP *group_ptr, CHAR *name_ptr);
UINT tx_event_flags_delete(TX_EVENT_FLAGS_GROUP *group_ptr);
UINT tx_event_flags_get(TX_EVENT_FLAGS_GROUP *group_ptr, ULONG requested_flags, UINT get_option,
                        ULONG *actual_flags_ptr, ULONG wait_option);
UINT tx_event_flags_set(TX_EVENT_FLAGS_GROUP *group_ptr, ULONG flags_to_set, UINT set_option);

UINT tx_queue_create(TX_QUEUE *queue_ptr, CHAR *name_ptr, UINT message_size, VOID *queue_start, ULONG queue_size);
UINT tx_queue_delete(TX_QUEUE *queue_ptr);
UINT tx_queue_flush(TX_QUEUE *queue_ptr);
UINT tx_queue_receive(TX_QUEUE *queue_ptr, VOID *destination_ptr, ULONG wait_option);
UINT tx_queue_send(TX_QUEUE *queue_ptr, VOID *source_ptr, ULONG wait_option);

UINT tx_byte_allocate(TX_BYTE_POOL *pool_ptr, VOID **memory_ptr, ULONG memory_size, ULONG wait_option);
UINT tx_byte_pool_create(TX_BYTE_POOL *pool_ptr, CHAR *name_ptr, VOID *pool_start, ULONG pool_size);
UINT tx_byte_pool_delete(TX_BYTE_POOL *pool_ptr);
UINT tx_byte_release(VOID *memory_ptr);

#ifdef __cplusplus
}
#endif

#endif
