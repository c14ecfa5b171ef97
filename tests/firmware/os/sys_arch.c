/* lwIP's operating system, by POSIX threads: enough to deliver by. */
#define _GNU_SOURCE
#include <lwip/sys.h>

#include <stdlib.h>
#include <time.h>

enum {
    MOST = 64
};

static pthread_mutex_t protection = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

void sys_init(void)
{
}

u32_t sys_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (u32_t)((unsigned long long)now.tv_sec * 1000 + (unsigned long long)now.tv_nsec / 1000000);
}

sys_prot_t sys_arch_protect(void)
{
    pthread_mutex_lock(&protection);
    return 0;
}

void sys_arch_unprotect(sys_prot_t before)
{
    (void)before;
    pthread_mutex_unlock(&protection);
}

static struct queue *make(unsigned count)
{
    struct queue *queue = calloc(1, sizeof *queue);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&queue->lock, NULL);
    pthread_cond_init(&queue->changed, &monotonic);
    queue->count = count;
    queue->valid = true;
    return queue;
}

static bool put(struct queue *queue, void *message, bool waits)
{
    pthread_mutex_lock(&queue->lock);
    while (waits && queue->count == MOST)
        pthread_cond_wait(&queue->changed, &queue->lock);
    bool fits = queue->count < MOST;
    if (fits)
        queue->messages[(queue->first + queue->count++) % MOST] = message;
    pthread_cond_broadcast(&queue->changed);
    pthread_mutex_unlock(&queue->lock);
    return fits;
}

/* `ms` of 0 waits for ever. */
static u32_t take(struct queue *queue, void **message, u32_t ms, bool waits)
{
    u32_t began = sys_now();
    struct timespec until;
    int late = 0;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += ms / 1000;
    until.tv_nsec += (long)(ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&queue->lock);
    while (waits && !queue->count && !late)
        late = ms ? pthread_cond_timedwait(&queue->changed, &queue->lock, &until)
                  : pthread_cond_wait(&queue->changed, &queue->lock);
    bool there = queue->count;
    if (there) {
        if (message)
            *message = queue->messages[queue->first];
        queue->first = (queue->first + 1) % MOST;
        queue->count--;
        pthread_cond_broadcast(&queue->changed);
    }
    pthread_mutex_unlock(&queue->lock);
    return there ? sys_now() - began : SYS_ARCH_TIMEOUT;
}

err_t sys_sem_new(sys_sem_t *semaphore, u8_t count)
{
    *semaphore = make(count);
    return ERR_OK;
}

void sys_sem_signal(sys_sem_t *semaphore)
{
    put(*semaphore, NULL, false);
}

u32_t sys_arch_sem_wait(sys_sem_t *semaphore, u32_t ms)
{
    return take(*semaphore, NULL, ms, true);
}

void sys_sem_free(sys_sem_t *semaphore)
{
    free(*semaphore);
}

int sys_sem_valid(sys_sem_t *semaphore)
{
    return *semaphore && (*semaphore)->valid;
}

void sys_sem_set_invalid(sys_sem_t *semaphore)
{
    *semaphore = NULL;
}

err_t sys_mbox_new(sys_mbox_t *box, int size)
{
    (void)size;
    *box = make(0);
    return ERR_OK;
}

void sys_mbox_post(sys_mbox_t *box, void *message)
{
    put(*box, message, true);
}

err_t sys_mbox_trypost(sys_mbox_t *box, void *message)
{
    return put(*box, message, false) ? ERR_OK : ERR_MEM;
}

err_t sys_mbox_trypost_fromisr(sys_mbox_t *box, void *message)
{
    return sys_mbox_trypost(box, message);
}

u32_t sys_arch_mbox_fetch(sys_mbox_t *box, void **message, u32_t ms)
{
    return take(*box, message, ms, true);
}

u32_t sys_arch_mbox_tryfetch(sys_mbox_t *box, void **message)
{
    return take(*box, message, 0, false) == SYS_ARCH_TIMEOUT ? SYS_MBOX_EMPTY : 0;
}

void sys_mbox_free(sys_mbox_t *box)
{
    free(*box);
}

int sys_mbox_valid(sys_mbox_t *box)
{
    return *box && (*box)->valid;
}

void sys_mbox_set_invalid(sys_mbox_t *box)
{
    *box = NULL;
}

sys_thread_t sys_thread_new(const char *name, lwip_thread_fn run, void *argument, int stack, int priority)
{
    pthread_t thread;
    (void)name;
    (void)stack;
    (void)priority;
    if (pthread_create(&thread, NULL, (void *(*)(void *))(void (*)(void))run, argument) != 0)
        abort();
    return thread;
}
