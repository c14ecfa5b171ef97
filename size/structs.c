/* The structs that a caller gives room for, as symbols whose sizes are theirs. Never linked. */
#include <postino/deliver.h>
#include <postino/message.h>
#include <postino/outbox.h>
#include <postino/sasl.h>

struct postino_session session;
struct postino_mail mail;
struct postino_recipient recipient;
struct postino_config config;
struct postino_sasl sasl;
struct postino_delivery delivery;
struct postino_message_source message_source;
struct postino_memory_source memory_source;
struct postino_downgrade downgrade;
struct postino_outbox outbox;
