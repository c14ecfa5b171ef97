/* Who may call, which call is made to fail, and what was done wrong. */
#include <stdio.h>

#include "host.h"

#define ALL_CALLS 0xFFFFFFFFU

struct nx_host_shape nxh_shape;
struct nx_host_traffic nxh_traffic;

static struct nx_host_failure failure;
static ULONG calls;
static const char *failed;
static ULONG violations;
static char violation[160];
static UINT quiet;

void nxh_violation(const char *service, const char *what)
{
    TX_THREAD *self = nxh_self();
    violations++;
    snprintf(violation, sizeof violation, "%s: %s (%s)", service, what, self ? self->tx_thread_name : "no thread");
    if (!quiet) {
        fprintf(stderr, "netx host: %s\n", violation);
    }
    if (getenv("NX_HOST_ABORT")) {
        abort();
    }
}

/* Counts the call; true when it is one that shall fail, with the status. */
static bool shall_fail(const char *service, UINT typical, UINT *status)
{
    if (failure.service != NULL && strcmp(failure.service, service) != 0) {
        return false;
    }
    if (failure.thread != NULL && failure.thread != nxh_self()) {
        return false;
    }
    calls++;
    ULONG count = failure.count ? failure.count : 1;
    if (failure.at == 0 || calls < failure.at || (count != ALL_CALLS && calls - failure.at >= count)) {
        return false;
    }
    failed = service;
    *status = failure.status == NX_HOST_TYPICAL ? typical : failure.status;
    return true;
}

static void obey(void)
{
    TX_THREAD *self = nxh_self();
    if (self != NULL) {
        nxh_obey(self);
    }
}

void nxh_enter_kernel(void)
{
    nxh_lock();
    obey();
}

UINT nxh_enter(const char *service, enum nxh_context context, UINT typical)
{
    UINT status = NX_SUCCESS;
    nxh_lock();
    obey();
    if (context == NXH_THREADS && nxh_self() == NULL) {
        nxh_violation(service, "called from no thread");
        return nxh_leave(NX_CALLER_ERROR);
    }
    if (shall_fail(service, typical, &status) && status != NX_SUCCESS) {
        return nxh_leave(status);
    }
    return NX_SUCCESS;
}

UINT nxh_enter_waiting(const char *service, ULONG wait_option, UINT typical)
{
    return nxh_enter(service, wait_option != NX_NO_WAIT ? NXH_THREADS : NXH_ANYWHERE, typical);
}

UINT nxh_enter_always(const char *service, UINT typical, UINT *reported)
{
    nxh_lock();
    obey();
    *reported = NX_SUCCESS;
    (void)shall_fail(service, typical, reported);
    return NX_SUCCESS;
}

UINT nxh_leave(UINT status)
{
    nxh_unlock();
    return status;
}

void nx_host_fail(const struct nx_host_failure *wanted)
{
    nxh_lock();
    failure = *wanted;
    calls = 0;
    failed = NULL;
    nxh_unlock();
}

void nx_host_fail_at(ULONG at, UINT status)
{
    struct nx_host_failure wanted = {at, 1, status, NULL, NULL};
    nx_host_fail(&wanted);
}

ULONG nx_host_calls(void)
{
    nxh_lock();
    return nxh_leave(calls);
}

const char *nx_host_failed(void)
{
    nxh_lock();
    const char *service = failed;
    nxh_unlock();
    return service;
}

void nx_host_shape_set(const struct nx_host_shape *shape)
{
    nxh_lock();
    nxh_shape = *shape;
    nxh_changed();
    nxh_unlock();
}

void nx_host_traffic_get(struct nx_host_traffic *traffic)
{
    nxh_lock();
    *traffic = nxh_traffic;
    nxh_unlock();
}

ULONG nx_host_violations(void)
{
    nxh_lock();
    return nxh_leave(violations);
}

const char *nx_host_violation(void)
{
    return violation;
}

void nx_host_quiet(UINT wanted)
{
    nxh_lock();
    quiet = wanted;
    nxh_unlock();
}

void nx_host_reset(void)
{
    const struct nx_host_failure no_failure = {0, 0, 0, NULL, NULL};
    const struct nx_host_shape no_shape = {0, 0, 0, 0, 0, 0, 0};
    nxh_lock();
    nx_host_fail(&no_failure);
    nx_host_shape_set(&no_shape);
    memset(&nxh_traffic, 0, sizeof nxh_traffic);
    violations = 0;
    violation[0] = '\0';
    quiet = 0;
    nxh_routes_reset();
    nx_host_tick(0);
    nxh_unlock();
}
