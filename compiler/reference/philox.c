// philox.c: the counter-based generator behind uniform().
#include "philox.h"

void philox4x32(uint32_t counter[4], uint32_t key0, uint32_t key1)
{
    for (int round = 0; round < 10; round++) {
        uint64_t low = (uint64_t)0xD2511F53 * counter[0], high = (uint64_t)0xCD9E8D57 * counter[2];
        uint32_t next0 = (uint32_t)(high >> 32) ^ counter[1] ^ key0;
        uint32_t next2 = (uint32_t)(low >> 32) ^ counter[3] ^ key1;
        counter[0] = next0;
        counter[1] = (uint32_t)high;
        counter[2] = next2;
        counter[3] = (uint32_t)low;
        key0 += 0x9E3779B9;
        key1 += 0xBB67AE85;
    }
}

double philox_uniform(int64_t seed, int64_t a, int64_t b, int64_t c)
{
    // An arithmetic shift and a mask are the language's floor / and %.
    uint32_t counter[4] = {(uint32_t)(c >> 2), (uint32_t)b, (uint32_t)a, 0};
    philox4x32(counter, (uint32_t)seed, (uint32_t)((uint64_t)seed >> 32));
    return (counter[c & 3] >> 8) * 0x1p-24;
}
