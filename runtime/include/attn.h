// attn.h: the interface between an emitted kernel, the runtime and the program that calls them. C11 and C++11.
//
// A kernel is one C function: attn_status NAME(const NAME_args *args, const attn_exec *exec). Its args struct holds, for
// every tensor argument and then every result, an attn_tensor, and for every rank-0 argument an attn_scalar; the
// generated header declares it. Sizes and strides are counted in elements, in 64 bits. The kernel checks all of it
// before it touches memory. The runtime never prints, exits or keeps state between calls.
#ifndef ATTN_H
#define ATTN_H
#include <stddef.h>
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif

#define ATTN_ABI_VERSION 3
#define ATTN_MAX_RANK 8

// Element types. f16, bf16, f8 travel as integers of their width; i4 is two to a byte, low half first, along the last
// axis (whose stride must be 1; sizes and strides of the other axes still count elements, and those strides are even); bool is a byte, 0 or 1.
typedef enum attn_type {
    ATTN_NONE = 0, ATTN_F64, ATTN_F32, ATTN_F16, ATTN_BF16, ATTN_F8E4M3, ATTN_F8E5M2,
    ATTN_I4, ATTN_I8, ATTN_U8, ATTN_I32, ATTN_U32, ATTN_I64, ATTN_BOOL
} attn_type;

typedef struct attn_tensor {
    void *data;                       // may be NULL only when a size is 0
    int64_t size[ATTN_MAX_RANK];      // >= 0
    int64_t stride[ATTN_MAX_RANK];    // in elements, any sign; 0 broadcasts an argument
} attn_tensor;

typedef union attn_scalar { double f; int64_t i; } attn_scalar;   // f for float types, i for the others

typedef enum attn_code {
    ATTN_OK = 0,
    ATTN_ERROR_NULL,         // args or data is NULL
    ATTN_ERROR_SIZE,         // a negative size, two sizes that must agree, a product that overflows
    ATTN_ERROR_STRIDE,       // a stride the type or a result does not allow, an offset that overflows
    ATTN_ERROR_OVERLAP,      // an element of a result is also an element of an argument or of another result
    ATTN_ERROR_REQUIRE,      // a `require` of the kernel does not hold
    ATTN_ERROR_RANGE,        // a read outside a tensor: an affine bound or an entry of a table
    ATTN_ERROR_MEMORY,       // the workspace could not be allocated
    ATTN_ERROR_TARGET,       // this CPU lacks the instruction set that the kernel was compiled for
} attn_code;

typedef struct attn_status {
    int code;                // attn_code
    char message[252];       // empty when ATTN_OK
} attn_status;

// Runs body(context, item) for every item in 0 .. items - 1, in any order and on any threads, and returns when all are
// done. `worker` passed to body is below `workers` and no two running bodies share one.
typedef void (*attn_body)(void *context, int64_t item, int64_t worker);
typedef void (*attn_parallel_for)(void *user, int64_t items, attn_body body, void *context);

// How to run. NULL, or zeroed fields, mean the defaults.
typedef struct attn_exec {
    attn_parallel_for parallel_for;   // NULL: the runtime's own (OpenMP or threads)
    void *parallel_user;
    int64_t workers;                  // upper bound of concurrent bodies; 0: attn_set_workers' or the default
    void *(*allocate)(void *user, size_t bytes, size_t alignment);   // NULL: aligned_alloc
    void (*release)(void *user, void *memory);
    void *allocate_user;
    void *workspace;                  // memory to use instead of `allocate`, or NULL; what is too small is an error
    size_t workspace_bytes;
    void *stream;                     // reserved for GPU targets
    int32_t cpu_level;                // run code of at most this level (attn_cpu_level); 0: the best there is
    int32_t trust_tables;             // not 0: entries of tables (pages, numbers of keys, lengths that end ranges) are not
                                      // looked at before the call; the caller answers for them
} attn_exec;

// ---- the signature table: constants that every emitted kernel carries ----------------------------------------------
// A dimension is a size by number (kind 0), a constant (1), or checked by emitted code only (2).
typedef struct attn_dim { int32_t kind; int32_t size; int64_t constant; } attn_dim;
typedef struct attn_param {
    const char *name;
    int32_t type;            // attn_type
    int32_t rank;            // 0: a scalar
    int32_t is_result;
    int32_t reserved;
    attn_dim dim[ATTN_MAX_RANK];
} attn_param;
typedef struct attn_signature {
    int32_t abi_version;
    int32_t param_count;
    int32_t size_count;
    int32_t reserved;
    const char *kernel;
    const attn_param *param;
    const char *const *size_name;
} attn_signature;

// Checks every argument against the table and writes the sizes (size_count of them; the first dimension that names a
// size gives it, later ones must agree). tensors: one attn_tensor * for each param in table order, arguments of rank 0
// (attn_scalar) skipped; a result of rank 0 is a tensor of one element. No tensor may reach past 2^60 bytes. Overlap is
// decided on elements, not on address ranges: interleaved slices of one buffer are accepted. Touches no tensor memory.
attn_status attn_check_arguments(const attn_signature *signature, const attn_tensor *const *tensors, int64_t *out_sizes);

// Used by emitted kernels: a status with the message "KERNEL: text".
attn_status attn_fail(const attn_signature *signature, int code, const char *text);

// ---- running --------------------------------------------------------------------------------------------------------
// How many threads the runtime would use: OMP_NUM_THREADS or the CPUs this process may run on.
int64_t attn_default_workers(void);
// Sets the workers of the runtime's own parallel_for where exec is NULL or exec->workers is 0; 0: the default again.
void attn_set_workers(int64_t workers);
int64_t attn_workers(const attn_exec *exec);
// Items are taken in order by whichever worker is free; one item, or one worker, runs on the calling thread.
void attn_run_parallel(const attn_exec *exec, int64_t items, attn_body body, void *context);
// Memory for one call, aligned to 64, NULL when there is none. attn_workspace_release takes what it returned.
void *attn_workspace(const attn_exec *exec, size_t bytes);
void attn_workspace_release(const attn_exec *exec, void *memory);

// ---- CPU features ---------------------------------------------------------------------------------------------------
// Levels of x86-64 psABI: 1 (baseline) .. 4 (AVX-512 F, BW, CD, DQ, VL), usable by the operating system too; 0
// elsewhere.
// ATTN_CPU_LEVEL=N in the environment hides what is above level N, for this process and from its first question on.
int attn_cpu_level(void);
// Space-separated names of what this CPU has (avx2 fma avx512f … amx-bf16), in a static buffer filled once.
const char *attn_cpu_features(void);
int attn_cpu_has(const char *feature);

#ifdef __cplusplus
}
#endif
#endif
