/* The first response, in the line of the command (4954 4). */
#include "internal.h"

enum {
    COMMAND_LINE_MAX = 512 /* 5321 4.5.3.1.4 */
};

bool postino_initial_response(const struct postino_sasl *sasl, struct postino_writer *w)
{
    struct postino_writer measure = {NULL, 0, 0, 0, false};
    if (!sasl->chosen->client_first)
        return false;
    postino_auth_put_response(sasl, 0, &measure);
    if (measure.length + strlen(sasl->chosen->name) + sizeof "AUTH  \r\n" - 1 > COMMAND_LINE_MAX)
        return false;
    if (!w)
        return true;
    postino_command_put(w, " ");
    if (measure.length)
        postino_auth_put_response(sasl, 0, w);
    else
        postino_command_put(w, "=");
    return true;
}
