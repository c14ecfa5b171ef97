/* Byte pools. */
#include "host.h"

/* A pool is a row of blocks, each behind a header; free neighbours are joined when somebody looks for room. */
struct block {
    TX_BYTE_POOL *pool; /* NULL: free */
    size_t size;        /* with this header */
};

static TX_BYTE_POOL *pools;

UINT tx_byte_pool_create(TX_BYTE_POOL *pool_ptr, CHAR *name_ptr, VOID *pool_start, ULONG pool_size)
{
    if (pool_ptr == NULL || pool_ptr->tx_byte_pool_id == NXH_BYTE_POOL_ID) {
        return TX_POOL_ERROR;
    }
    if (pool_start == NULL) {
        return TX_PTR_ERROR;
    }
    size_t skipped = (sizeof(struct block) - (uintptr_t)pool_start % sizeof(struct block)) % sizeof(struct block);
    if (pool_size < skipped + 2 * sizeof(struct block)) {
        return TX_SIZE_ERROR;
    }
    nxh_enter_kernel();
    memset(pool_ptr, 0, sizeof *pool_ptr);
    pool_ptr->tx_byte_pool_id = NXH_BYTE_POOL_ID;
    pool_ptr->tx_byte_pool_name = name_ptr;
    pool_ptr->tx_byte_pool_start = (UCHAR *)pool_start + skipped;
    pool_ptr->tx_byte_pool_size = (ULONG)((pool_size - skipped) / sizeof(struct block) * sizeof(struct block));
    pool_ptr->tx_byte_pool_available = pool_ptr->tx_byte_pool_size;
    struct block *first = (struct block *)(VOID *)pool_ptr->tx_byte_pool_start;
    first->pool = NULL;
    first->size = pool_ptr->tx_byte_pool_size;
    pool_ptr->tx_byte_pool_created_next = pools;
    pools = pool_ptr;
    return nxh_leave(TX_SUCCESS);
}

UINT tx_byte_pool_delete(TX_BYTE_POOL *pool_ptr)
{
    if (pool_ptr == NULL || pool_ptr->tx_byte_pool_id != NXH_BYTE_POOL_ID) {
        return TX_POOL_ERROR;
    }
    nxh_enter_kernel();
    TX_BYTE_POOL **link = &pools;
    while (*link != pool_ptr) {
        link = &(*link)->tx_byte_pool_created_next;
    }
    *link = pool_ptr->tx_byte_pool_created_next;
    pool_ptr->tx_byte_pool_id = 0;
    nxh_changed();
    return nxh_leave(TX_SUCCESS);
}

static VOID *take(TX_BYTE_POOL *pool, size_t size)
{
    UCHAR *end = pool->tx_byte_pool_start + pool->tx_byte_pool_size;
    for (UCHAR *at = pool->tx_byte_pool_start; at < end; at += ((struct block *)(VOID *)at)->size) {
        struct block *block = (struct block *)(VOID *)at;
        struct block *next = (struct block *)(VOID *)(at + block->size);
        while (block->pool == NULL && (UCHAR *)next < end && next->pool == NULL) {
            block->size += next->size;
            next = (struct block *)(VOID *)(at + block->size);
        }
        if (block->pool != NULL || block->size < size) {
            continue;
        }
        if (block->size >= size + 2 * sizeof(struct block)) {
            struct block *rest = (struct block *)(VOID *)(at + size);
            rest->pool = NULL;
            rest->size = block->size - size;
            block->size = size;
        }
        block->pool = pool;
        pool->tx_byte_pool_available -= (ULONG)block->size;
        return block + 1;
    }
    return NULL;
}

UINT tx_byte_allocate(TX_BYTE_POOL *pool_ptr, VOID **memory_ptr, ULONG memory_size, ULONG wait_option)
{
    if (pool_ptr == NULL || pool_ptr->tx_byte_pool_id != NXH_BYTE_POOL_ID) {
        return TX_POOL_ERROR;
    }
    if (memory_ptr == NULL) {
        return TX_PTR_ERROR;
    }
    if (memory_size == 0 || memory_size > pool_ptr->tx_byte_pool_size) {
        return TX_SIZE_ERROR;
    }
    if (wait_option != TX_NO_WAIT && nxh_self() == NULL) {
        return TX_WAIT_ERROR;
    }
    nxh_enter_kernel();
    struct nxh_wait wait = nxh_wait_begin(wait_option, TX_BYTE_MEMORY);
    size_t units = ((size_t)memory_size + sizeof(struct block) - 1) / sizeof(struct block) + 1;
    UINT status = TX_SUCCESS;
    *memory_ptr = take(pool_ptr, units * sizeof(struct block));
    while (*memory_ptr == NULL && status == TX_SUCCESS) {
        enum nxh_wake wake = nxh_wait_change(&wait);
        if (pool_ptr->tx_byte_pool_id != NXH_BYTE_POOL_ID) {
            status = TX_DELETED;
        } else if (wake != NXH_AGAIN) {
            status = wake == NXH_ABORTED ? TX_WAIT_ABORTED : TX_NO_MEMORY;
        } else {
            *memory_ptr = take(pool_ptr, units * sizeof(struct block));
        }
    }
    return nxh_leave(status);
}

UINT tx_byte_release(VOID *memory_ptr)
{
    if (memory_ptr == NULL) {
        return TX_PTR_ERROR;
    }
    nxh_enter_kernel();
    struct block *block = (struct block *)memory_ptr - 1;
    for (TX_BYTE_POOL *pool = pools; pool != NULL; pool = pool->tx_byte_pool_created_next) {
        const UCHAR *end = pool->tx_byte_pool_start + pool->tx_byte_pool_size;
        if ((UCHAR *)block >= pool->tx_byte_pool_start && (UCHAR *)block < end && block->pool == pool) {
            pool->tx_byte_pool_available += (ULONG)block->size;
            block->pool = NULL;
            nxh_changed();
            return nxh_leave(TX_SUCCESS);
        }
    }
    nxh_violation("tx_byte_release", "no memory of a byte pool, or released before");
    return nxh_leave(TX_PTR_ERROR);
}
