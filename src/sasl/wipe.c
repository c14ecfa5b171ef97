/* Through a volatile pointer: that nobody reads it afterwards is no reason to leave it out. */
#include <postino/crypto.h>

void postino_wipe(void *memory, size_t size)
{
    volatile uint8_t *at = memory;
    while (size--)
        *at++ = 0;
}
