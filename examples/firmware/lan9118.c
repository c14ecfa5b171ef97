/* SMSC LAN9118, as on mps2-an385 and mps2-an386, by polling. */
#include "board.h"

#define REGISTER(offset) (*(volatile uint32_t *)(0x40200000u + (offset)))

enum {
    RX_DATA = 0x00,
    TX_DATA = 0x20,
    RX_STATUS = 0x40,
    TX_STATUS = 0x48,
    TX_CFG = 0x70,
    RX_FIFO_INF = 0x7C,
    TX_FIFO_INF = 0x80,
    MAC_CSR_CMD = 0xA4,
    MAC_CSR_DATA = 0xA8,
    MAC_CR = 1,
    ADDRH = 2,
    ADDRL = 3
};

static void set_mac(uint32_t number, uint32_t value)
{
    while (REGISTER(MAC_CSR_CMD) & 1u << 31)
        ;
    REGISTER(MAC_CSR_DATA) = value;
    REGISTER(MAC_CSR_CMD) = 1u << 31 | number;
}

void board_ethernet_begin(const uint8_t a[6])
{
    set_mac(ADDRL, (uint32_t)a[0] | (uint32_t)a[1] << 8 | (uint32_t)a[2] << 16 | (uint32_t)a[3] << 24);
    set_mac(ADDRH, (uint32_t)a[4] | (uint32_t)a[5] << 8);
    set_mac(MAC_CR, 1u << 3 | 1u << 2); /* send and receive */
    REGISTER(TX_CFG) = 1u << 1;
}

size_t board_ethernet_receive(void *frame, size_t size)
{
    uint32_t *to = frame;
    if (!(REGISTER(RX_FIFO_INF) >> 16 & 0xFF))
        return 0;
    uint32_t length = REGISTER(RX_STATUS) >> 16 & 0x3FFF; /* with its checksum */
    for (uint32_t i = 0; i < (length + 3) / 4; i++) {
        uint32_t word = REGISTER(RX_DATA);
        if (i < size / 4)
            *to++ = word;
    }
    return length >= 4 && length <= size ? length - 4 : 0;
}

bool board_ethernet_send(const void *frame, size_t length)
{
    const uint32_t *from = frame;
    if ((REGISTER(TX_FIFO_INF) & 0xFFFF) < length + 16)
        return false;
    REGISTER(TX_DATA) = 1u << 13 | 1u << 12 | (uint32_t)length; /* the first segment and the last */
    REGISTER(TX_DATA) = (uint32_t)length;
    for (size_t i = 0; i < (length + 3) / 4; i++)
        REGISTER(TX_DATA) = from[i];
    while (REGISTER(TX_FIFO_INF) >> 16 & 0xFF)
        (void)REGISTER(TX_STATUS);
    return true;
}
