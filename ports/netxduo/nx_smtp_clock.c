/* Date and Message-ID (5322 3.6.1, 3.6.4), for a device that knows the time. */
#include "nx_smtp_internal.h"

enum {
    DAY_S = 86400,
    YEAR_DAYS = 365
};

static void put_number(struct postino_writer *w, ULONG number, unsigned digits)
{
    ULONG rest = number / 10;
    if (digits > 1 || rest)
        put_number(w, rest, digits ? digits - 1 : 0);
    postino_command_put_octet(w, (char)('0' + number % 10));
}

static bool leap(ULONG year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* A ULONG of seconds ends in 2106; where it has 64 bits the calendar goes on. */
static void put_day(struct postino_writer *w, ULONG day)
{
    static const UCHAR lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec", week[] = "ThuFriSatSunMonTueWed";
    ULONG year = 1970;
    UINT month = 0, weekday = (UINT)(day % 7);
    for (; day >= YEAR_DAYS + (ULONG)leap(year); year++)
        day -= YEAR_DAYS + (ULONG)leap(year);
    for (; day >= lengths[month] + (ULONG)(month == 1 && leap(year)); month++)
        day -= lengths[month] + (ULONG)(month == 1 && leap(year));
    for (UINT i = 0; i < 3; i++)
        postino_command_put_octet(w, week[3 * weekday + i]);
    postino_command_put(w, ", ");
    put_number(w, day + 1, 1);
    postino_command_put_octet(w, ' ');
    for (UINT i = 0; i < 3; i++)
        postino_command_put_octet(w, names[3 * month + i]);
    postino_command_put_octet(w, ' ');
    put_number(w, year, 4);
}

/* Message-ID: time and tag of the mail at the device's domain. */
static void put_fields(NX_SMTP_CLIENT *client, VOID *writer)
{
    struct postino_writer *w = writer;
    if (w->from == 0) { /* once for each mail, so that it does not change under way */
        client->nx_smtp_client_mail_time = client->nx_smtp_client_time_function();
        client->nx_smtp_client_mail_tag = ((ULONG)NX_RAND() << 16 ^ (ULONG)NX_RAND() ^ tx_time_get()) & 0xFFFFFFFF;
    }
    ULONG time = client->nx_smtp_client_mail_time, second = time % DAY_S;
    if (!time)
        return;
    postino_command_put(w, "\r\nDate: ");
    put_day(w, time / DAY_S);
    postino_command_put_octet(w, ' ');
    put_number(w, second / 3600, 2);
    postino_command_put_octet(w, ':');
    put_number(w, second / 60 % 60, 2);
    postino_command_put_octet(w, ':');
    put_number(w, second % 60, 2);
    postino_command_put(w, " +0000\r\nMessage-ID: <");
    put_number(w, time, 1);
    postino_command_put_octet(w, '.');
    put_number(w, client->nx_smtp_client_mail_tag, 1);
    postino_command_put_octet(w, '@');
    postino_command_put(w, client->nx_smtp_client_domain);
    postino_command_put_octet(w, '>');
}

UINT nx_smtp_client_time_function_set(NX_SMTP_CLIENT *client_ptr, ULONG (*time_function)(VOID))
{
    if (!client_ptr || !time_function || client_ptr->nx_smtp_client_id != NX_SMTP_CLIENT_ID)
        return NX_PTR_ERROR;
    client_ptr->nx_smtp_client_time_function = time_function;
    client_ptr->nx_smtp_client_fields = put_fields;
    return NX_SUCCESS;
}
