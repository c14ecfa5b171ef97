/* Packet pools and packets: sizes, chains, waits, and what is found out about misuse. */
#include "rig.h"

static struct rig rig;
static TX_THREAD self;

static void allocates_until_the_pool_is_dry(void)
{
    NX_PACKET *packets[3];
    NX_PACKET *none = NULL;
    ULONG total, left, requests, suspensions, invalid;
    rig_open(&rig, 128, 3);
    for (int i = 0; i < 3; i++) {
        CHECK_STATUS(nx_packet_allocate(&rig.pool, &packets[i], NX_TCP_PACKET, NX_NO_WAIT), NX_SUCCESS);
        CHECK(packets[i]->nx_packet_pool_owner == &rig.pool);
        CHECK_NUMBER(packets[i]->nx_packet_data_end - packets[i]->nx_packet_data_start, 128);
        CHECK_NUMBER(packets[i]->nx_packet_prepend_ptr - packets[i]->nx_packet_data_start, NX_TCP_PACKET);
        CHECK(packets[i]->nx_packet_append_ptr == packets[i]->nx_packet_prepend_ptr);
        CHECK_NUMBER(packets[i]->nx_packet_length, 0);
    }
    CHECK_STATUS(nx_packet_allocate(&rig.pool, &none, NX_TCP_PACKET, NX_NO_WAIT), NX_NO_PACKET);
    CHECK_NUMBER(nx_host_packets_out(&rig.pool), 3);
    CHECK_STATUS(nx_packet_pool_info_get(&rig.pool, &total, &left, &requests, &suspensions, &invalid), NX_SUCCESS);
    CHECK(total == 3 && left == 0 && requests == 1 && suspensions == 0 && invalid == 0);
    for (int i = 0; i < 3; i++) {
        CHECK_STATUS(nx_packet_release(packets[i]), NX_SUCCESS);
#ifndef NX_DISABLE_ERROR_CHECKING
        CHECK(packets[i] == NULL);
#endif
    }
    rig_close(&rig);
}

static void waits_for_a_packet_in_ticks(void)
{
    NX_PACKET *packet, *none;
    rig_open(&rig, 128, 1);
    CHECK_STATUS(nx_packet_allocate(&rig.pool, &packet, NX_TCP_PACKET, 10), NX_SUCCESS);
    ULONG before = tx_time_get();
    CHECK_STATUS(nx_packet_allocate(&rig.pool, &none, NX_TCP_PACKET, 10), NX_NO_PACKET);
    ULONG waited = tx_time_get() - before;
    CHECK(waited >= 10 && waited < 100);
    CHECK_NUMBER(rig.pool.nx_packet_pool_empty_suspensions, 1);
    CHECK_STATUS(nx_packet_release(packet), NX_SUCCESS);
    rig_close(&rig);
}

static void refuses_wrong_sizes(void)
{
    static ULONG memory[256];
    NX_PACKET_POOL pool;
    NX_PACKET *packet;
    memset(&pool, 0, sizeof pool);
    CHECK_STATUS(nx_packet_pool_create(NX_NULL, (CHAR *)"p", 64, memory, sizeof memory), NX_PTR_ERROR);
    CHECK_STATUS(nx_packet_pool_create(&pool, (CHAR *)"p", 64, NX_NULL, sizeof memory), NX_PTR_ERROR);
    CHECK_STATUS(nx_packet_pool_create(&pool, (CHAR *)"p", 36, memory, sizeof memory), NX_SIZE_ERROR);
    CHECK_STATUS(nx_packet_pool_create(&pool, (CHAR *)"p", 1024, memory, 1024), NX_SIZE_ERROR);
    CHECK_STATUS(nx_packet_pool_create(&pool, (CHAR *)"p", 64, memory, sizeof memory), NX_SUCCESS);
    CHECK_STATUS(nx_packet_pool_create(&pool, (CHAR *)"p", 64, memory, sizeof memory), NX_PTR_ERROR);
    CHECK_STATUS(nx_packet_allocate(&pool, &packet, NX_IPv6_TCP_PACKET, 0), NX_INVALID_PARAMETERS);
    CHECK_STATUS(nx_packet_allocate(&pool, &packet, 3, 0), NX_OPTION_ERROR);
    CHECK_STATUS(nx_packet_allocate(&pool, NX_NULL, 0, 0), NX_PTR_ERROR);
    CHECK_STATUS(nx_packet_pool_delete(&pool), NX_SUCCESS);
    CHECK_STATUS(nx_packet_pool_delete(&pool), NX_PTR_ERROR);
    CHECK_STATUS(nx_packet_allocate(&pool, &packet, 0, 0), NX_PTR_ERROR);
}

static void fill(char *octets, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        octets[i] = (char)('a' + i % 23);
    }
}

static void appends_in_a_chain_or_not_at_all(void)
{
    NX_PACKET *packet;
    char data[500];
    char back[500];
    ULONG copied;
    fill(data, sizeof data);
    rig_open(&rig, 128, 5);
    CHECK_STATUS(nx_packet_allocate(&rig.pool, &packet, NX_TCP_PACKET, 0), NX_SUCCESS);
    ULONG room = 128 - NX_TCP_PACKET;
#ifdef NX_DISABLE_PACKET_CHAIN
    CHECK_STATUS(nx_packet_data_append(packet, data, room + 1, &rig.pool, 0), NX_SIZE_ERROR);
    CHECK_NUMBER(packet->nx_packet_length, 0);
    CHECK_STATUS(nx_packet_data_append(packet, data, room, &rig.pool, 0), NX_SUCCESS);
    CHECK_NUMBER(nx_host_packets_out(&rig.pool), 1);
    ULONG length = room;
#else
    CHECK_STATUS(nx_packet_data_append(packet, data, sizeof data, &rig.pool, 0), NX_SUCCESS);
    CHECK_NUMBER(nx_host_packets_out(&rig.pool), 1 + (500 - room + 127) / 128);
    CHECK(packet->nx_packet_next != NULL && packet->nx_packet_last->nx_packet_next == NULL);
    CHECK_NUMBER(packet->nx_packet_append_ptr - packet->nx_packet_prepend_ptr, room);
    CHECK_STATUS(nx_packet_data_append(packet, data, 500, &rig.pool, 0), NX_NO_PACKET);
    ULONG length = 500;
#endif
    CHECK_NUMBER(packet->nx_packet_length, length);
    CHECK_STATUS(nx_packet_data_retrieve(packet, back, &copied), NX_SUCCESS);
    CHECK(copied == length && memcmp(back, data, length) == 0);
    for (ULONG offset = 0; offset < length; offset++) {
        CHECK_STATUS(nx_packet_data_extract_offset(packet, offset, back, 7, &copied), NX_SUCCESS);
        CHECK(copied == (length - offset < 7 ? length - offset : 7) && memcmp(back, data + offset, copied) == 0);
    }
    CHECK_STATUS(nx_packet_data_extract_offset(packet, length, back, 1, &copied), NX_PACKET_OFFSET_ERROR);
    CHECK_STATUS(nx_packet_length_get(packet, &copied), NX_SUCCESS);
    CHECK_NUMBER(copied, length);
    CHECK_STATUS(nx_packet_release(packet), NX_SUCCESS);
    rig_close(&rig);
}

static void copies_a_chain(void)
{
    NX_PACKET *packet, *twin;
    char data[40], back[40];
    ULONG copied;
    fill(data, sizeof data);
    rig_open(&rig, 128, 4);
    CHECK_STATUS(nx_packet_allocate(&rig.pool, &packet, NX_TCP_PACKET, 0), NX_SUCCESS);
    CHECK_STATUS(nx_packet_copy(packet, &twin, &rig.pool, 0), NX_INVALID_PACKET);
    CHECK_STATUS(nx_packet_data_append(packet, data, sizeof data, &rig.pool, 0), NX_SUCCESS);
    CHECK_STATUS(nx_packet_copy(packet, &twin, &rig.pool, 0), NX_SUCCESS);
    CHECK_STATUS(nx_packet_release(packet), NX_SUCCESS);
    CHECK_STATUS(nx_packet_data_retrieve(twin, back, &copied), NX_SUCCESS);
    CHECK(copied == sizeof data && memcmp(back, data, sizeof data) == 0);
    CHECK_STATUS(nx_packet_transmit_release(twin), NX_SUCCESS);
    rig_close(&rig);
}

/* Each of these is a defect of the caller: the layer says so, and stays whole. */
static void tells_misuse(void)
{
    NX_PACKET *packet, *again;
    NX_PACKET stray;
    rig_open(&rig, 128, 2);
    nx_host_quiet(1);
    memset(&stray, 0, sizeof stray);
    CHECK_STATUS(nx_packet_allocate(&rig.pool, &packet, NX_TCP_PACKET, 0), NX_SUCCESS);
    again = packet;
    CHECK_STATUS(nx_packet_release(packet), NX_SUCCESS);
    CHECK_STATUS(nx_packet_release(again), NX_PTR_ERROR);
    CHECK_NUMBER(nx_host_violations(), 1);
    CHECK(strstr(nx_host_violation(), "released before") != NULL);
    CHECK_NUMBER(rig.pool.nx_packet_pool_invalid_releases, 1);
    CHECK_STATUS(nx_packet_data_append(again, &stray, 1, &rig.pool, 0), NX_PTR_ERROR);
    again = &stray;
    CHECK_STATUS(nx_packet_release(again), NX_PTR_ERROR);
    CHECK_NUMBER(nx_host_violations(), 3);
    CHECK_STATUS(nx_packet_allocate(&rig.pool, &packet, NX_TCP_PACKET, 0), NX_SUCCESS);
    UCHAR *kept = packet->nx_packet_append_ptr;
    packet->nx_packet_append_ptr = packet->nx_packet_data_end + 1;
    CHECK_STATUS(nx_packet_release(packet), NX_OVERFLOW);
    packet->nx_packet_append_ptr = kept;
    packet->nx_packet_prepend_ptr = packet->nx_packet_data_start - 1;
    CHECK_STATUS(nx_packet_release(packet), NX_UNDERFLOW);
    packet->nx_packet_prepend_ptr = kept;
    CHECK_NUMBER(nx_host_violations(), 5);
    CHECK_STATUS(nx_packet_release(packet), NX_SUCCESS);
    CHECK_NUMBER(nx_host_packets_out(&rig.pool), 0);
    nx_host_reset();
    rig_close(&rig);
}

#ifndef RIG_ASAN
/* Under AddressSanitizer the write itself ends the program. */
static void tells_writes_after_release(void)
{
    NX_PACKET *packet;
    rig_open(&rig, 128, 1);
    nx_host_quiet(1);
    CHECK_STATUS(nx_packet_allocate(&rig.pool, &packet, NX_TCP_PACKET, 0), NX_SUCCESS);
    UCHAR *stale = packet->nx_packet_append_ptr;
    CHECK_STATUS(nx_packet_release(packet), NX_SUCCESS);
    *stale = 'x';
    CHECK_STATUS(nx_packet_allocate(&rig.pool, &packet, NX_TCP_PACKET, 0), NX_SUCCESS);
    CHECK_NUMBER(nx_host_violations(), 1);
    CHECK_STATUS(nx_packet_release(packet), NX_SUCCESS);
    nx_host_reset();
    rig_close(&rig);
}
#endif

static void tells_packets_out_at_the_pools_deletion(void)
{
    static ULONG memory[256];
    NX_PACKET_POOL pool;
    NX_PACKET *packet;
    memset(&pool, 0, sizeof pool);
    nx_host_reset();
    nx_host_quiet(1);
    CHECK_STATUS(nx_packet_pool_create(&pool, (CHAR *)"p", 64, memory, sizeof memory), NX_SUCCESS);
    CHECK_STATUS(nx_packet_allocate(&pool, &packet, 0, 0), NX_SUCCESS);
    CHECK_STATUS(nx_packet_pool_delete(&pool), NX_SUCCESS);
    CHECK_NUMBER(nx_host_violations(), 1);
    nx_host_reset();
}

static void fails_at_the_call_that_is_named(void)
{
    NX_PACKET *packet = NULL;
    struct nx_host_failure second_append = {2, 1, NX_HOST_TYPICAL, "nx_packet_data_append", NULL};
    char octets[8] = "1234567";
    rig_open(&rig, 128, 2);
    nx_host_fail_at(2, NX_WAIT_ABORTED);
    CHECK_STATUS(nx_packet_allocate(&rig.pool, &packet, NX_TCP_PACKET, 0), NX_SUCCESS);
    CHECK_STATUS(nx_packet_data_append(packet, octets, 7, &rig.pool, 0), NX_WAIT_ABORTED);
    CHECK_TEXT(nx_host_failed(), "nx_packet_data_append");
    CHECK_NUMBER(packet->nx_packet_length, 0);
    CHECK_STATUS(nx_packet_data_append(packet, octets, 7, &rig.pool, 0), NX_SUCCESS);
    CHECK_NUMBER(nx_host_calls(), 3);
    nx_host_fail(&second_append);
    CHECK_STATUS(nx_packet_data_append(packet, octets, 7, &rig.pool, 0), NX_SUCCESS);
    CHECK_STATUS(nx_packet_data_append(packet, octets, 7, &rig.pool, 0), NX_NO_PACKET);
    CHECK_NUMBER(packet->nx_packet_length, 14);
    nx_host_fail_at(1, NX_PTR_ERROR);
    CHECK_STATUS(nx_packet_release(packet), NX_PTR_ERROR);
    CHECK_NUMBER(nx_host_packets_out(&rig.pool), 0); /* a release releases even where it reports a failure */
    rig_close(&rig);
}

int main(void)
{
    nx_host_thread_adopt(&self, (CHAR *)"packets");
    RUN(allocates_until_the_pool_is_dry);
    RUN(waits_for_a_packet_in_ticks);
    RUN(refuses_wrong_sizes);
    RUN(appends_in_a_chain_or_not_at_all);
    RUN(copies_a_chain);
    RUN(tells_misuse);
#ifndef RIG_ASAN
    RUN(tells_writes_after_release);
#endif
    RUN(tells_packets_out_at_the_pools_deletion);
    RUN(fails_at_the_call_that_is_named);
    return CHECK_EXIT();
}
