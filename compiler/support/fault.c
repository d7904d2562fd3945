// fault.c: see fault.h.
#include "fault.h"

#ifdef ATTNC_FAULTS
#include <stdlib.h>
#include <string.h>

bool fault(const char *name)
{
    const char *asked = getenv("ATTNC_FAULT");
    return asked && strcmp(asked, name) == 0;
}
#endif
