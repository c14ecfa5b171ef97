/* Time and randomness. */
#include "internal.h"

#include <time.h>
#include <unistd.h>

uint64_t postino_posix_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

void postino_posix_date(int64_t *seconds, int *zone_minutes)
{
    time_t now = time(NULL);
    struct tm here, there;
    localtime_r(&now, &here);
    gmtime_r(&now, &there);
    int days = here.tm_yday - there.tm_yday;
    if (here.tm_year != there.tm_year)
        days = here.tm_year - there.tm_year;
    *seconds = now;
    *zone_minutes = (days * 24 + here.tm_hour - there.tm_hour) * 60 + here.tm_min - there.tm_min;
}

bool postino_posix_random(void *octets, size_t length)
{
    return getentropy(octets, length) == 0;
}
