/* The lock, the clock, waiting, and the gate that every service passes. */
#include <poll.h>
#include <time.h>

#include "host.h"

/* Acknowledgements and the readiness of a descriptor that another thread closes are looked for this often. */
#define SLICE_US 5000

static pthread_mutex_t lock; /* recursive: NX_HOST calls may be made under TX_DISABLE; waits are not */
static pthread_cond_t changed;
static pthread_key_t self_key;
static pthread_key_t posture_key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static uint64_t tick_us = 1000000 / TX_TIMER_TICKS_PER_SECOND;
static uint64_t ticks_from_us; /* the time at which ticks_base was right */
static ULONG ticks_base;

static void begin(void)
{
    pthread_mutexattr_t recursive;
    pthread_condattr_t monotonic;
    pthread_mutexattr_init(&recursive);
    pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&lock, &recursive);
    pthread_mutexattr_destroy(&recursive);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_key_create(&self_key, NULL);
    pthread_key_create(&posture_key, NULL);
    ticks_from_us = nxh_now_us();
}

void nxh_lock(void)
{
    pthread_once(&once, begin);
    pthread_mutex_lock(&lock);
}

void nxh_unlock(void)
{
    pthread_mutex_unlock(&lock);
}

UINT tx_interrupt_control(UINT new_posture)
{
    pthread_once(&once, begin);
    UINT old_posture = pthread_getspecific(posture_key) != NULL ? TX_INT_DISABLE : TX_INT_ENABLE;
    if (new_posture == TX_INT_DISABLE && old_posture == TX_INT_ENABLE) {
        nxh_lock();
    }
    pthread_setspecific(posture_key, new_posture == TX_INT_DISABLE ? &lock : NULL);
    if (new_posture == TX_INT_ENABLE && old_posture == TX_INT_DISABLE) {
        nxh_unlock();
    }
    return old_posture;
}

void nxh_changed(void)
{
    pthread_cond_broadcast(&changed);
}

TX_THREAD *nxh_self(void)
{
    pthread_once(&once, begin);
    return (TX_THREAD *)pthread_getspecific(self_key);
}

void nxh_self_set(TX_THREAD *thread)
{
    pthread_once(&once, begin);
    pthread_setspecific(self_key, thread);
}

uint64_t nxh_now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

ULONG nxh_ticks(void)
{
    return ticks_base + (ULONG)((nxh_now_us() - ticks_from_us) / tick_us);
}

void nxh_ticks_set(ULONG ticks)
{
    ticks_base = ticks;
    ticks_from_us = nxh_now_us();
}

void nx_host_tick(ULONG microseconds)
{
    nxh_lock();
    nxh_ticks_set(nxh_ticks());
    tick_us = microseconds ? microseconds : 1000000 / TX_TIMER_TICKS_PER_SECOND;
    nxh_unlock();
}

struct nxh_wait nxh_wait_begin(ULONG ticks, UINT state)
{
    struct nxh_wait wait = {0, ticks == TX_WAIT_FOREVER, ticks == TX_NO_WAIT, state};
    wait.deadline_us = nxh_now_us() + (uint64_t)ticks * tick_us;
    return wait;
}

static void sleep_until(uint64_t us)
{
    struct timespec until = {(time_t)(us / 1000000), (long)(us % 1000000) * 1000};
    pthread_cond_timedwait(&changed, &lock, &until);
}

void nxh_idle(void)
{
    pthread_cond_wait(&changed, &lock);
}

/* USERS counts who looks at the descriptor without the lock: it is closed when nobody does. */
static void poll_until(int fd, short events, uint64_t us, UINT *users)
{
    uint64_t now = nxh_now_us();
    uint64_t left = us > now ? us - now : 0;
    struct pollfd polled = {fd, events, 0};
    (*users)++;
    nxh_unlock();
    poll(&polled, 1, (int)((left + 999) / 1000));
    nxh_lock();
    (*users)--;
    nxh_changed();
}

/* When this wait ends for now, at most MOST_US from here; 0: it is over. */
static uint64_t end_of(const struct nxh_wait *wait, uint64_t most_us)
{
    uint64_t now = nxh_now_us();
    if (wait->none || (!wait->forever && now >= wait->deadline_us)) {
        return 0;
    }
    return !wait->forever && wait->deadline_us < now + most_us ? wait->deadline_us : now + most_us;
}

static void before(const struct nxh_wait *wait, TX_THREAD *self)
{
    if (self != NULL) {
        nxh_obey(self);
        self->tx_thread_state = wait->state;
    }
}

static enum nxh_wake after(TX_THREAD *self)
{
    if (self == NULL) {
        return NXH_AGAIN;
    }
    self->tx_thread_state = TX_READY;
    nxh_obey(self);
    enum nxh_wake wake = self->tx_thread_host_abort ? NXH_ABORTED : NXH_AGAIN;
    self->tx_thread_host_abort = 0;
    return wake;
}

static enum nxh_wake wait_at_most(struct nxh_wait *wait, uint64_t most_us)
{
    TX_THREAD *self = nxh_self();
    uint64_t until = end_of(wait, most_us);
    if (until == 0) {
        return NXH_TIMEOUT;
    }
    before(wait, self);
    sleep_until(until);
    return after(self);
}

enum nxh_wake nxh_wait_change(struct nxh_wait *wait)
{
    return wait_at_most(wait, 3600ULL * 1000000);
}

enum nxh_wake nxh_wait_slice(struct nxh_wait *wait)
{
    return wait_at_most(wait, SLICE_US);
}

enum nxh_wake nxh_wait_descriptor(struct nxh_wait *wait, int fd, short events, UINT *users)
{
    TX_THREAD *self = nxh_self();
    uint64_t until = end_of(wait, SLICE_US);
    if (until == 0) {
        return NXH_TIMEOUT;
    }
    before(wait, self);
    poll_until(fd, events, until, users);
    return after(self);
}
