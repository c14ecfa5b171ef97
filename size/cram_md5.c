/* AUTH with CRAM-MD5. */
#include "mechanism.h"

int main(void)
{
    static const struct postino_mechanism *const mechanisms[] = {&postino_cram_md5, NULL};
    return (int)authenticate(mechanisms);
}
