/* Memory as a store. */
#include <postino/outbox.h>

#include <string.h>

static uint8_t *octets_of(struct postino_store *store)
{
    return ((struct postino_memory_store *)store)->octets;
}

static bool read_memory(struct postino_store *store, uint32_t address, void *octets, uint32_t length)
{
    memcpy(octets, octets_of(store) + address, length);
    return true;
}

static bool program_memory(struct postino_store *store, uint32_t address, const void *octets, uint32_t length)
{
    memcpy(octets_of(store) + address, octets, length);
    return true;
}

static bool erase_memory(struct postino_store *store, uint32_t block)
{
    memset(octets_of(store) + (size_t)block * store->block_size, 0xFF, store->block_size);
    return true;
}

static bool sync_memory(struct postino_store *store)
{
    (void)store;
    return true;
}

void postino_memory_store_open(struct postino_memory_store *memory, void *octets, uint32_t block_size,
                               uint32_t block_count, uint32_t program_size)
{
    memset(memory, 0, sizeof *memory);
    memory->store.read = read_memory;
    memory->store.program = program_memory;
    memory->store.erase = erase_memory;
    memory->store.sync = sync_memory;
    memory->store.block_size = block_size;
    memory->store.block_count = block_count;
    memory->store.program_size = program_size;
    memory->octets = octets;
}
