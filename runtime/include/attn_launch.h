// attn_launch.h: between the code attnc emits and the runtime. A kernel's public function does nothing but call
// attn_launch with its constant table; everything that a call needs beyond the loop bodies happens there.
//
//   NAME(args, exec) -> attn_launch(&NAME_kernel, args, exec)
//   NAME(args, exec) -> attn_launch(attn_select(&NAME_levels, exec), args, exec)   with several instruction sets
//       attn_check_arguments -> check -> temporaries, workspace -> items and bodies of each nest, in order
#ifndef ATTN_LAUNCH_H
#define ATTN_LAUNCH_H
#include "attn.h"
#ifdef __cplusplus
extern "C" {
#endif

// What every emitted function takes. Valid for one call of the kernel; `workspace` is the calling worker's own.
typedef struct attn_context {
    const attn_tensor *const *tensors;   // arguments, results, then temporaries; rank-0 arguments skipped
    const int64_t *sizes;                // as in the signature table
    const attn_scalar *scalars;          // one for each rank-0 argument, rounded or wrapped to its type
    void *workspace;                     // aligned to 64
    int64_t workspace_bytes;
} attn_context;

// A tensor that one nest writes and later ones read: dense, last axis contiguous.
typedef struct attn_temporary {
    void (*extents)(const attn_context *context, int64_t *out_extents);   // `rank` of them; sizes and scalars are set
    int32_t rank;
    int32_t bytes;                       // of one element
} attn_temporary;

typedef struct attn_nest {
    int64_t (*items)(const attn_context *context);       // work items; 0 and less: nothing to do
    int64_t (*workspace)(const attn_context *context);   // bytes for each worker, from sizes alone; NULL: none
    void (*body)(const attn_context *context, int64_t item);
} attn_nest;

// What `check` and `tables` can find wrong: each returns the number of the first, or -1.
typedef struct attn_message { int32_t code; int32_t reserved; const char *text; } attn_message;

typedef struct attn_kernel {
    const attn_signature *signature;
    const int64_t *constant;             // the value each size was compiled for, -1: any; NULL: all dynamic
    int64_t (*check)(const attn_context *context);       // of sizes and scalars; NULL: nothing to check
    int64_t (*tables)(const attn_context *context);      // of entries of tables, when check found nothing; NULL: none
    const attn_message *message;
    const attn_temporary *temporary;
    const attn_nest *nest;
    const char *cpu_features;            // space-separated, needed by the code; "" for none
    int32_t cpu_level;                   // of the x86-64 psABI; 0: any CPU
    int32_t message_count, temporary_count, nest_count;
} attn_kernel;

// One kernel compiled for several instruction sets, the most demanding first, with the same signature.
typedef struct attn_levels {
    const attn_kernel *const *kernel;
    const attn_kernel **chosen;          // the one for this CPU, NULL before the first call; accessed atomically
    int32_t count, reserved;             // count > 0
} attn_levels;

// The first of the kernels that this CPU runs and exec (may be NULL) allows. When there is none, the last one, which
// attn_launch refuses.
const attn_kernel *attn_select(const attn_levels *levels, const attn_exec *exec);

// Runs a kernel. `args` is its args struct: in table order an attn_scalar for each rank-0 argument and an attn_tensor for
// everything else. All memory of the call is one allocation of exec. Nothing is written unless all checks pass.
attn_status attn_launch(const attn_kernel *kernel, const void *args, const attn_exec *exec);

// How many bytes exec->workspace needs for this call; checks the arguments like the call itself.
attn_status attn_workspace_bytes(const attn_kernel *kernel, const void *args, const attn_exec *exec, size_t *out_bytes);

#ifdef __cplusplus
}
#endif
#endif
