/* Dates (RFC 5322 3.3). */
#include "internal.h"

#define DAY_S 86400

static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

bool postino_date_valid(const struct postino_date *date)
{
    int64_t local = date->seconds + (int64_t)date->zone_minutes * 60;
    return date->zone_minutes > -24 * 60 && date->zone_minutes < 24 * 60 && date->seconds > -INT64_C(2208988800) &&
           date->seconds < INT64_C(253402300800) && local >= -INT64_C(2208988800) && local < INT64_C(253402300800);
}

static bool leap(uint32_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Makes the day of the year of `*day` days since 1900-01-01; returns the year. */
static uint32_t year_of(uint32_t *day)
{
    uint32_t year = 1900;
    while (*day >= 365u + leap(year)) {
        *day -= 365u + leap(year);
        year++;
    }
    return year;
}

static uint32_t month_of(uint32_t *day, uint32_t year)
{
    static const uint8_t lengths[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    uint32_t month = 0;
    while (*day >= lengths[month] + (uint32_t)(month == 1 && leap(year))) {
        *day -= lengths[month] + (uint32_t)(month == 1 && leap(year));
        month++;
    }
    return month;
}

static void put_number(struct postino_message_source *composed, uint32_t number, unsigned digits)
{
    char text[4];
    for (unsigned i = digits; i > 0; i--, number /= 10)
        text[i - 1] = (char)('0' + number % 10);
    postino_put(composed, text, digits);
}

static void put_time(struct postino_message_source *composed, uint32_t second)
{
    put_number(composed, second / 3600, 2);
    postino_put(composed, ":", 1);
    put_number(composed, second / 60 % 60, 2);
    postino_put(composed, ":", 1);
    put_number(composed, second % 60, 2);
}

void postino_put_date(struct postino_message_source *composed, const struct postino_date *date)
{
    /* From 1900 on, so that nothing is negative. */
    uint64_t local = (uint64_t)(date->seconds + (int64_t)date->zone_minutes * 60 + INT64_C(2208988800));
    uint32_t day = (uint32_t)(local / DAY_S), second = (uint32_t)(local % DAY_S), weekday = (day + 1) % 7;
    uint32_t zone = (uint32_t)(date->zone_minutes < 0 ? -date->zone_minutes : date->zone_minutes);
    uint32_t year = year_of(&day), month = month_of(&day, year);
    postino_put_text(composed, "Date: ");
    postino_put(composed, days[weekday], 3);
    postino_put(composed, ", ", 2);
    put_number(composed, day + 1, 2);
    postino_put(composed, " ", 1);
    postino_put(composed, months[month], 3);
    postino_put(composed, " ", 1);
    put_number(composed, year, 4);
    postino_put(composed, " ", 1);
    put_time(composed, second);
    postino_put(composed, date->zone_minutes < 0 ? " -" : " +", 2);
    put_number(composed, zone / 60, 2);
    put_number(composed, zone % 60, 2);
    postino_put(composed, "\r\n", 2);
}
