/* Queues of messages of 1 to 16 ULONGs. */
#include "host.h"

static bool valid(const TX_QUEUE *queue)
{
    return queue != NULL && queue->tx_queue_id == NXH_QUEUE_ID;
}

UINT tx_queue_create(TX_QUEUE *queue_ptr, CHAR *name_ptr, UINT message_size, VOID *queue_start, ULONG queue_size)
{
    if (queue_ptr == NULL || valid(queue_ptr)) {
        return TX_QUEUE_ERROR;
    }
    if (queue_start == NULL) {
        return TX_PTR_ERROR;
    }
    if (message_size < TX_1_ULONG || message_size > TX_16_ULONG || queue_size < message_size * sizeof(ULONG)) {
        return TX_SIZE_ERROR;
    }
    nxh_enter_kernel();
    memset(queue_ptr, 0, sizeof *queue_ptr);
    queue_ptr->tx_queue_id = NXH_QUEUE_ID;
    queue_ptr->tx_queue_name = name_ptr;
    queue_ptr->tx_queue_message_size = message_size;
    queue_ptr->tx_queue_start = (ULONG *)queue_start;
    queue_ptr->tx_queue_capacity = (UINT)(queue_size / (message_size * sizeof(ULONG)));
    queue_ptr->tx_queue_available_storage = queue_ptr->tx_queue_capacity;
    return nxh_leave(TX_SUCCESS);
}

UINT tx_queue_delete(TX_QUEUE *queue_ptr)
{
    if (!valid(queue_ptr)) {
        return TX_QUEUE_ERROR;
    }
    nxh_enter_kernel();
    queue_ptr->tx_queue_id = 0;
    nxh_changed();
    return nxh_leave(TX_SUCCESS);
}

UINT tx_queue_flush(TX_QUEUE *queue_ptr)
{
    if (!valid(queue_ptr)) {
        return TX_QUEUE_ERROR;
    }
    nxh_enter_kernel();
    queue_ptr->tx_queue_enqueued = 0;
    queue_ptr->tx_queue_available_storage = queue_ptr->tx_queue_capacity;
    nxh_changed();
    return nxh_leave(TX_SUCCESS);
}

/* Waits until COUNT, a member of the queue, is not 0. */
static UINT wait_for(TX_QUEUE *queue, const UINT *count, ULONG wait_option, UINT otherwise)
{
    struct nxh_wait wait = nxh_wait_begin(wait_option, TX_QUEUE_SUSP);
    while (*count == 0) {
        queue->tx_queue_suspended_count++;
        enum nxh_wake wake = nxh_wait_change(&wait);
        queue->tx_queue_suspended_count--;
        if (!valid(queue)) {
            return TX_DELETED;
        }
        if (wake != NXH_AGAIN) {
            return wake == NXH_ABORTED ? TX_WAIT_ABORTED : otherwise;
        }
    }
    return TX_SUCCESS;
}

static VOID *message(const TX_QUEUE *queue, UINT index)
{
    return queue->tx_queue_start + (size_t)(index % queue->tx_queue_capacity) * queue->tx_queue_message_size;
}

UINT tx_queue_receive(TX_QUEUE *queue_ptr, VOID *destination_ptr, ULONG wait_option)
{
    if (!valid(queue_ptr)) {
        return TX_QUEUE_ERROR;
    }
    if (destination_ptr == NULL) {
        return TX_PTR_ERROR;
    }
    if (wait_option != TX_NO_WAIT && nxh_self() == NULL) {
        return TX_WAIT_ERROR;
    }
    nxh_enter_kernel();
    UINT status = wait_for(queue_ptr, &queue_ptr->tx_queue_enqueued, wait_option, TX_QUEUE_EMPTY);
    if (status == TX_SUCCESS) {
        memcpy(destination_ptr, message(queue_ptr, queue_ptr->tx_queue_host_read),
               queue_ptr->tx_queue_message_size * sizeof(ULONG));
        queue_ptr->tx_queue_host_read = (queue_ptr->tx_queue_host_read + 1) % queue_ptr->tx_queue_capacity;
        queue_ptr->tx_queue_enqueued--;
        queue_ptr->tx_queue_available_storage++;
        nxh_changed();
    }
    return nxh_leave(status);
}

UINT tx_queue_send(TX_QUEUE *queue_ptr, VOID *source_ptr, ULONG wait_option)
{
    if (!valid(queue_ptr)) {
        return TX_QUEUE_ERROR;
    }
    if (source_ptr == NULL) {
        return TX_PTR_ERROR;
    }
    if (wait_option != TX_NO_WAIT && nxh_self() == NULL) {
        return TX_WAIT_ERROR;
    }
    nxh_enter_kernel();
    UINT status = wait_for(queue_ptr, &queue_ptr->tx_queue_available_storage, wait_option, TX_QUEUE_FULL);
    if (status == TX_SUCCESS) {
        memcpy(message(queue_ptr, queue_ptr->tx_queue_host_read + queue_ptr->tx_queue_enqueued), source_ptr,
               queue_ptr->tx_queue_message_size * sizeof(ULONG));
        queue_ptr->tx_queue_enqueued++;
        queue_ptr->tx_queue_available_storage--;
        nxh_changed();
    }
    return nxh_leave(status);
}
