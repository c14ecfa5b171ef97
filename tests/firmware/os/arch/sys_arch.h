/* What lwIP asks of an operating system: here, of POSIX threads. */
#ifndef TESTS_SYS_ARCH_H
#define TESTS_SYS_ARCH_H

#include <pthread.h>
#include <stdbool.h>

struct queue {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    void *messages[64];
    unsigned first, count;
    bool valid;
};

/* A semaphore is a queue of nothing. */
typedef struct queue *sys_sem_t;
typedef struct queue *sys_mbox_t;
typedef pthread_t sys_thread_t;
typedef int sys_prot_t;

#endif
