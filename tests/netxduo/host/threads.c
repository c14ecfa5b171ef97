/* Threads, time and what threads meet at; every test runs on a thread that adopted the program's own. */
#include "rig.h"

static TX_THREAD self;
static TX_THREAD other;
static ULONG stack[256];

static void start(VOID (*entry)(ULONG), UINT auto_start)
{
    CHECK_NUMBER(
        tx_thread_create(&other, (CHAR *)"other", entry, 7, stack, sizeof stack, 4, 4, TX_NO_TIME_SLICE, auto_start),
        TX_SUCCESS);
}

static UINT state_of(TX_THREAD *thread)
{
    UINT state = 99;
    CHECK_NUMBER(tx_thread_info_get(thread, NULL, &state, NULL, NULL, NULL, NULL, NULL, NULL), TX_SUCCESS);
    return state;
}

static void await(UINT state)
{
    for (int i = 0; i < 500 && state_of(&other) != state; i++) {
        tx_thread_sleep(1);
    }
    CHECK_NUMBER(state_of(&other), state);
}

static void finish(void)
{
    await(TX_COMPLETED);
    CHECK_NUMBER(tx_thread_delete(&other), TX_SUCCESS);
}

static ULONG given;
static TX_THREAD *named;

static void note(ULONG input)
{
    given = input;
    named = tx_thread_identify();
}

static void runs_a_thread_when_it_is_resumed(void)
{
    UINT old;
    given = 0;
    start(note, TX_DONT_START);
    CHECK_NUMBER(state_of(&other), TX_SUSPENDED);
    CHECK_NUMBER(tx_thread_delete(&other), TX_DELETE_ERROR);
    CHECK_NUMBER(tx_thread_priority_change(&other, 9, &old), TX_SUCCESS);
    CHECK_NUMBER(old, 4);
    CHECK_NUMBER(tx_thread_resume(&other), TX_SUCCESS);
    await(TX_COMPLETED);
    CHECK(given == 7 && named == &other);
    CHECK_NUMBER(tx_thread_resume(&other), TX_RESUME_ERROR);
    finish();
    CHECK_NUMBER(tx_thread_resume(&other), TX_THREAD_ERROR);
}

static void refuses_wrong_threads(void)
{
    CHECK_NUMBER(tx_thread_create(NULL, (CHAR *)"x", note, 0, stack, sizeof stack, 1, 1, 0, 1), TX_THREAD_ERROR);
    CHECK_NUMBER(tx_thread_create(&other, (CHAR *)"x", NULL, 0, stack, sizeof stack, 1, 1, 0, 1), TX_PTR_ERROR);
    CHECK_NUMBER(tx_thread_create(&other, (CHAR *)"x", note, 0, stack, 100, 1, 1, 0, 1), TX_SIZE_ERROR);
    CHECK_NUMBER(tx_thread_create(&other, (CHAR *)"x", note, 0, stack, sizeof stack, 32, 32, 0, 1), TX_PRIORITY_ERROR);
    CHECK_NUMBER(tx_thread_create(&other, (CHAR *)"x", note, 0, stack, sizeof stack, 1, 2, 0, 1), TX_THRESH_ERROR);
    CHECK_NUMBER(tx_thread_create(&self, (CHAR *)"x", note, 0, stack, sizeof stack, 1, 1, 0, 1), TX_THREAD_ERROR);
}

static void sleeps_and_tells_the_time(void)
{
    nx_host_tick(1000);
    tx_time_set(5000);
    CHECK_NUMBER(tx_thread_sleep(20), TX_SUCCESS);
    ULONG now = tx_time_get();
    CHECK(now >= 5020 && now < 6000);
    nx_host_tick(0);
}

static UINT woken;

static void sleep_long(ULONG input)
{
    (void)input;
    woken = tx_thread_sleep(100000);
}

static void is_woken_by_wait_abort(void)
{
    woken = 99;
    start(sleep_long, TX_AUTO_START);
    await(TX_SLEEP);
    CHECK_NUMBER(tx_thread_wait_abort(&other), TX_SUCCESS);
    finish();
    CHECK_NUMBER(woken, TX_WAIT_ABORTED);
}

static void is_suspended_and_terminated_while_it_sleeps(void)
{
    start(sleep_long, TX_AUTO_START);
    await(TX_SLEEP);
    CHECK_NUMBER(tx_thread_suspend(&other), TX_SUCCESS);
    await(TX_SUSPENDED);
    CHECK_NUMBER(tx_thread_resume(&other), TX_SUCCESS);
    await(TX_SLEEP);
    CHECK_NUMBER(tx_thread_terminate(&other), TX_SUCCESS);
    CHECK_NUMBER(state_of(&other), TX_TERMINATED);
    CHECK_NUMBER(tx_thread_delete(&other), TX_SUCCESS);
}

static TX_MUTEX mutex;
static TX_SEMAPHORE semaphore;
static TX_EVENT_FLAGS_GROUP flags;
static TX_QUEUE queue;
static ULONG together;

static void add_many(ULONG input)
{
    (void)input;
    for (int i = 0; i < 5000; i++) {
        (void)tx_mutex_get(&mutex, TX_WAIT_FOREVER);
        together++;
        (void)tx_mutex_put(&mutex);
    }
    (void)tx_semaphore_put(&semaphore);
}

static void shares_by_mutex_and_semaphore(void)
{
    together = 0;
    CHECK_NUMBER(tx_mutex_create(&mutex, (CHAR *)"m", TX_NO_INHERIT), TX_SUCCESS);
    CHECK_NUMBER(tx_semaphore_create(&semaphore, (CHAR *)"s", 0), TX_SUCCESS);
    CHECK_NUMBER(tx_semaphore_get(&semaphore, TX_NO_WAIT), TX_NO_INSTANCE);
    CHECK_NUMBER(tx_mutex_put(&mutex), TX_NOT_OWNED);
    start(add_many, TX_AUTO_START);
    add_many(0);
    CHECK_NUMBER(tx_semaphore_get(&semaphore, 1000), TX_SUCCESS);
    CHECK_NUMBER(tx_semaphore_get(&semaphore, 1000), TX_SUCCESS);
    CHECK_NUMBER(together, 10000);
    CHECK_NUMBER(tx_mutex_get(&mutex, TX_NO_WAIT), TX_SUCCESS);
    CHECK_NUMBER(tx_mutex_get(&mutex, TX_NO_WAIT), TX_SUCCESS);
    CHECK_NUMBER(tx_mutex_put(&mutex), TX_SUCCESS);
    CHECK_NUMBER(tx_mutex_put(&mutex), TX_SUCCESS);
    finish();
    CHECK_NUMBER(tx_mutex_delete(&mutex), TX_SUCCESS);
    CHECK_NUMBER(tx_semaphore_delete(&semaphore), TX_SUCCESS);
    CHECK_NUMBER(tx_semaphore_delete(&semaphore), TX_SEMAPHORE_ERROR);
}

static void answer(ULONG input)
{
    ULONG got, number;
    (void)input;
    (void)tx_event_flags_get(&flags, 3, TX_AND_CLEAR, &got, TX_WAIT_FOREVER);
    for (number = got; number < 10; number++) {
        (void)tx_queue_send(&queue, &number, TX_WAIT_FOREVER);
    }
}

static void meets_at_flags_and_queues(void)
{
    ULONG got, storage[2];
    CHECK_NUMBER(tx_event_flags_create(&flags, (CHAR *)"f"), TX_SUCCESS);
    CHECK_NUMBER(tx_queue_create(&queue, (CHAR *)"q", TX_1_ULONG, storage, sizeof storage), TX_SUCCESS);
    CHECK_NUMBER(tx_event_flags_get(&flags, 1, TX_OR, &got, TX_NO_WAIT), TX_NO_EVENTS);
    CHECK_NUMBER(tx_queue_receive(&queue, &got, TX_NO_WAIT), TX_QUEUE_EMPTY);
    start(answer, TX_AUTO_START);
    CHECK_NUMBER(tx_event_flags_set(&flags, 1, TX_OR), TX_SUCCESS);
    CHECK_NUMBER(tx_queue_receive(&queue, &got, 2), TX_QUEUE_EMPTY);
    CHECK_NUMBER(tx_event_flags_set(&flags, 2, TX_OR), TX_SUCCESS);
    for (ULONG number = 3; number < 10; number++) {
        CHECK_NUMBER(tx_queue_receive(&queue, &got, 1000), TX_SUCCESS);
        CHECK_NUMBER(got, number);
    }
    CHECK_NUMBER(tx_event_flags_get(&flags, 3, TX_OR, &got, TX_NO_WAIT), TX_NO_EVENTS);
    finish();
    CHECK_NUMBER(tx_queue_send(&queue, &got, TX_NO_WAIT), TX_SUCCESS);
    CHECK_NUMBER(tx_queue_send(&queue, &got, TX_NO_WAIT), TX_SUCCESS);
    CHECK_NUMBER(tx_queue_send(&queue, &got, TX_NO_WAIT), TX_QUEUE_FULL);
    CHECK_NUMBER(tx_queue_delete(&queue), TX_SUCCESS);
    CHECK_NUMBER(tx_event_flags_delete(&flags), TX_SUCCESS);
}

static void gives_memory_of_a_byte_pool_and_takes_it_back(void)
{
    static ULONG area[512];
    TX_BYTE_POOL pool;
    VOID *blocks[4];
    VOID *all;
    memset(&pool, 0, sizeof pool);
    nx_host_quiet(1);
    CHECK_NUMBER(tx_byte_pool_create(&pool, (CHAR *)"b", area, sizeof area), TX_SUCCESS);
    for (int i = 0; i < 4; i++) {
        CHECK_NUMBER(tx_byte_allocate(&pool, &blocks[i], 400, TX_NO_WAIT), TX_SUCCESS);
        memset(blocks[i], i, 400);
    }
    CHECK_NUMBER(tx_byte_allocate(&pool, &all, 1600, 2), TX_NO_MEMORY);
    CHECK_NUMBER(((UCHAR *)blocks[1])[399], 1);
    for (int i = 0; i < 4; i++) {
        CHECK_NUMBER(tx_byte_release(blocks[3 - i]), TX_SUCCESS);
    }
    CHECK_NUMBER(tx_byte_release(blocks[0]), TX_PTR_ERROR);
    CHECK_NUMBER(tx_byte_allocate(&pool, &all, 1600, TX_NO_WAIT), TX_SUCCESS);
    CHECK_NUMBER(tx_byte_pool_delete(&pool), TX_SUCCESS);
    nx_host_reset();
}

/* Two threads share a pool: none of them ever sees the other's octets. */
static NX_PACKET_POOL pool;
static ULONG memory[1024];
static ULONG mixed;

static void juggle(ULONG input)
{
    char octets[32], back[32];
    ULONG copied;
    memset(octets, (int)input, sizeof octets);
    for (int i = 0; i < 2000; i++) {
        NX_PACKET *packet;
        (void)nx_packet_allocate(&pool, &packet, NX_TCP_PACKET, NX_WAIT_FOREVER);
        (void)nx_packet_data_append(packet, octets, sizeof octets, &pool, NX_NO_WAIT);
        (void)nx_packet_data_retrieve(packet, back, &copied);
        bool same = copied == sizeof octets && memcmp(octets, back, sizeof octets) == 0;
        (void)nx_packet_release(packet);
        TX_INTERRUPT_SAVE_AREA
        TX_DISABLE
        mixed += !same;
        TX_RESTORE
    }
}

static void shares_a_pool_of_one_packet(void)
{
    memset(&pool, 0, sizeof pool);
    CHECK_NUMBER(nx_packet_pool_create(&pool, (CHAR *)"p", 128, memory, 128 + sizeof(NX_PACKET) + 8), NX_SUCCESS);
    CHECK_NUMBER(pool.nx_packet_pool_total, 1);
    start(juggle, TX_AUTO_START);
    juggle('x');
    finish();
    CHECK_NUMBER(mixed, 0);
    CHECK_NUMBER(nx_packet_pool_delete(&pool), NX_SUCCESS);
    CHECK_NUMBER(nx_host_violations(), 0);
}

int main(void)
{
    nx_host_thread_adopt(&self, (CHAR *)"threads");
    RUN(runs_a_thread_when_it_is_resumed);
    RUN(refuses_wrong_threads);
    RUN(sleeps_and_tells_the_time);
    RUN(is_woken_by_wait_abort);
    RUN(is_suspended_and_terminated_while_it_sleeps);
    RUN(shares_by_mutex_and_semaphore);
    RUN(meets_at_flags_and_queues);
    RUN(gives_memory_of_a_byte_pool_and_takes_it_back);
    RUN(shares_a_pool_of_one_packet);
    return CHECK_EXIT();
}
