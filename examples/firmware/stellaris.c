/* The Ethernet of a Stellaris LM3S6965, by polling. */
#include "board.h"

#include <string.h>

#define REGISTER(offset) (*(volatile uint32_t *)(0x40048000u + (offset)))

enum {
    RECEIVE_CONTROL = 0x08,
    TRANSMIT_CONTROL = 0x0C,
    DATA = 0x10,
    ADDRESS_0 = 0x14,
    ADDRESS_1 = 0x18,
    PACKETS = 0x34,
    TRANSMIT = 0x38,
    HEADER = 14
};

void board_ethernet_begin(const uint8_t a[6])
{
    REGISTER(ADDRESS_0) = (uint32_t)a[0] | (uint32_t)a[1] << 8 | (uint32_t)a[2] << 16 | (uint32_t)a[3] << 24;
    REGISTER(ADDRESS_1) = (uint32_t)a[4] | (uint32_t)a[5] << 8;
    REGISTER(TRANSMIT_CONTROL) = 1u | 2u | 4u; /* on, padded, with checksums */
    REGISTER(RECEIVE_CONTROL) = 1u | 2u;       /* on, with multicast */
}

/* In the FIFO two octets of length, which counts itself and the checksum, stand before the frame. */
size_t board_ethernet_receive(void *frame, size_t size)
{
    if (!(REGISTER(PACKETS) & 0x3F))
        return 0;
    uint32_t word = REGISTER(DATA), length = word & 0xFFFF, at = 2;
    uint8_t *to = frame;
    for (uint32_t i = 2; i + 4 < length; i++) {
        if (at == 4) {
            word = REGISTER(DATA);
            at = 0;
        }
        if (i - 2 < size)
            to[i - 2] = (uint8_t)(word >> 8 * at);
        at++;
    }
    for (uint32_t left = (length + 3) / 4 - (length - 4 + 3) / 4; left; left--)
        (void)REGISTER(DATA);
    return length >= 6 && length - 6 <= size ? length - 6 : 0;
}

static void put(const uint8_t *octets, size_t length, uint32_t first, uint32_t at)
{
    uint32_t word = first;
    for (size_t i = 0; i < length; i++) {
        word |= (uint32_t)octets[i] << 8 * at;
        if (++at == 4) {
            REGISTER(DATA) = word;
            word = at = 0;
        }
    }
    if (at)
        REGISTER(DATA) = word;
}

bool board_ethernet_send(const void *frame, size_t length)
{
    if (REGISTER(TRANSMIT) & 1)
        return false;
    put(frame, length, (uint32_t)(length - HEADER), 2);
    REGISTER(TRANSMIT) = 1;
    return true;
}
