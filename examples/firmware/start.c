/* From reset to main, and a tick of a millisecond. Cortex-M3 and M4. */
#include "board.h"

#ifndef BOARD_HZ
#error "the board's clock in Hz"
#endif

#define SYSTICK_CONTROL (*(volatile uint32_t *)0xE000E010)
#define SYSTICK_RELOAD  (*(volatile uint32_t *)0xE000E014)
#define SYSTICK_VALUE   (*(volatile uint32_t *)0xE000E018)

enum {
    UNUSED = 0xA5A5A5A5
};

int main(void);
extern uint32_t data_begin[], data_end[], data_load[], bss_begin[], bss_end[], stack_begin[], stack_end[];
static volatile uint32_t ticks;

void reset(void) __attribute__((noreturn));

void reset(void)
{
    const uint32_t *from = data_load;
    uint32_t *here = (uint32_t *)__builtin_frame_address(0) - 16;
    for (uint32_t *to = data_begin; to < data_end;)
        *to++ = *from++;
    for (uint32_t *to = bss_begin; to < bss_end;)
        *to++ = 0;
    for (uint32_t *to = bss_end; to < here;)
        *to++ = (uint32_t)UNUSED;
    SYSTICK_RELOAD = BOARD_HZ / 1000 - 1;
    SYSTICK_VALUE = 0;
    SYSTICK_CONTROL = 7;
    board_exit(main());
}

/* There is no heap: what the C library may ask for, it does not get. */
void *_sbrk(ptrdiff_t size);

void *_sbrk(ptrdiff_t size)
{
    (void)size;
    return (void *)-1;
}

static void tick(void)
{
    ticks++;
}

static void fault(void)
{
    board_print("fault\n");
    board_exit(125);
}

uint32_t board_ms(void)
{
    return ticks;
}

void board_idle(void)
{
    __asm__ volatile("wfi"); /* the tick ends it */
}

size_t board_stack_used(void)
{
    const uint32_t *at = bss_end;
    while (at < stack_end && *at == (uint32_t)UNUSED)
        at++;
    return (size_t)((const char *)stack_end - (const char *)at);
}

__attribute__((section(".vectors"), used)) static const uintptr_t vectors[] = {
    (uintptr_t)stack_end,
    (uintptr_t)reset,
    (uintptr_t)fault,
    (uintptr_t)fault,
    (uintptr_t)fault,
    (uintptr_t)fault,
    (uintptr_t)fault,
    0,
    0,
    0,
    0,
    (uintptr_t)fault,
    (uintptr_t)fault,
    0,
    (uintptr_t)fault,
    (uintptr_t)tick,
};
