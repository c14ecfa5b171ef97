/* PIPELINING (2920): a bit that lets the flow run ahead. */
#include "internal.h"

const struct postino_extension postino_pipelining = {{"PIPELINING", POSTINO_OFFERS_PIPELINING, NULL}, NULL, NULL};
