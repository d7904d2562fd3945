// status.c: what attnc tells its caller.
#include "driver.h"

int driver_status(const diag_sink *d)
{
    for (int i = 0; i < diag_count(d); i++) {
        const diag *message = diag_get(d, i);
        if (message->severity != DIAG_ERROR)
            continue;
        switch (message->id) {
        case DIAG_command_line: case DIAG_no_kernel: case DIAG_no_schedule: case DIAG_schedule_target:
        case DIAG_no_target: case DIAG_no_size:
        case DIAG_no_definition:
            return EXIT_USAGE;
        case DIAG_file_read: case DIAG_file_write: case DIAG_array_fit: case DIAG_linking:
            return EXIT_FILE;
        case DIAG_call_failed: case DIAG_target_not_here: case DIAG_no_memory:
            return EXIT_CALL;
        default:
            return EXIT_SOURCE;
        }
    }
    return EXIT_DONE;
}
