/// The part of oneDNN that the engine uses: one matrix product and one reorder, single-threaded, with the differences
/// between the 2.x and the 3.x C API hidden. Tested with 2.6.3; the 3.x branches compile against the headers of 3.13 and
/// have not been run.
///
/// Everywhere: `C[m, n] = A[m, k] · B[k, n]`, where `B` is the transpose of a row-major weight matrix `[n, k]`.
#ifndef LEGEND_ONEDNN_SHIM_H
#define LEGEND_ONEDNN_SHIM_H

#include <dlfcn.h>
#include <oneapi/dnnl/dnnl.h>
#include <oneapi/dnnl/dnnl_debug.h>

#if DNNL_VERSION_MAJOR < 2
#error "oneDNN 2 or newer is needed"
#endif

/// A memory layout on loan from the primitive descriptor that it was asked from.
#if DNNL_VERSION_MAJOR >= 3
typedef const_dnnl_memory_desc_t legend_dnnl_layout;
#else
typedef const dnnl_memory_desc_t *legend_dnnl_layout;
#endif

/// Makes oneDNN use one thread whenever the calling thread calls it. oneDNN built with OpenMP asks OpenMP; the symbol
/// is looked up at run time because any OpenMP runtime, or none, may stand behind the library.
static inline void legend_dnnl_use_one_thread(void) {
    void (*set_threads)(int) = (void (*)(int))dlsym((void *)0 /* RTLD_DEFAULT */, "omp_set_num_threads");
    if (set_threads) set_threads(1);
}

/// The instruction set that oneDNN uses on this CPU; null for one that has no name here.
static inline const char *legend_dnnl_instructions(void) {
    switch (dnnl_get_effective_cpu_isa()) {
    case dnnl_cpu_isa_sse41: return "sse41";
    case dnnl_cpu_isa_avx: return "avx";
    case dnnl_cpu_isa_avx2: return "avx2";
    case dnnl_cpu_isa_avx512_core: return "avx512_core";
    case dnnl_cpu_isa_avx512_core_vnni: return "avx512_core_vnni";
    case dnnl_cpu_isa_avx512_core_bf16: return "avx512_core_bf16";
    case dnnl_cpu_isa_avx512_core_amx: return "avx512_core_amx";
    default: return NULL;
    }
}

/// A layout for any matrix `[rows, columns]`: row-major, transposed, or the library's own choice.
typedef enum { legend_dnnl_row_major, legend_dnnl_transposed, legend_dnnl_any } legend_dnnl_order;

/// A layout that we own: a value in 2.x, a handle to destroy in 3.x.
typedef dnnl_memory_desc_t legend_dnnl_matrix;

static inline dnnl_status_t legend_dnnl_matrix_create(
    legend_dnnl_matrix *matrix, dnnl_data_type_t type, int64_t rows, int64_t columns, legend_dnnl_order order) {
    const dnnl_format_tag_t tags[] = {dnnl_ab, dnnl_ba, dnnl_format_tag_any};
    dnnl_dims_t sizes = {rows, columns};
#if DNNL_VERSION_MAJOR >= 3
    return dnnl_memory_desc_create_with_tag(matrix, 2, sizes, type, tags[order]);
#else
    return dnnl_memory_desc_init_by_tag(matrix, 2, sizes, type, tags[order]);
#endif
}

static inline void legend_dnnl_matrix_destroy(legend_dnnl_matrix *matrix) {
#if DNNL_VERSION_MAJOR >= 3
    dnnl_memory_desc_destroy(*matrix);
#else
    (void)matrix;
#endif
}

static inline legend_dnnl_layout legend_dnnl_matrix_layout(const legend_dnnl_matrix *matrix) {
#if DNNL_VERSION_MAJOR >= 3
    return *matrix;
#else
    return matrix;
#endif
}

/// Describes the product of `type` inputs into `float`. `weights` is the layout of `B`; null lets the library choose
/// one for `type`, to be read with `legend_dnnl_weights_layout`.
static inline dnnl_status_t legend_dnnl_matmul_describe(
    dnnl_primitive_desc_t *description, dnnl_engine_t engine, dnnl_data_type_t type, int64_t m, int64_t n, int64_t k,
    legend_dnnl_layout weights) {
    legend_dnnl_matrix a, b, c;
    dnnl_status_t status = legend_dnnl_matrix_create(&a, type, m, k, legend_dnnl_row_major);
    if (status != dnnl_success) return status;
    status = legend_dnnl_matrix_create(&b, type, k, n, legend_dnnl_any);
    if (status == dnnl_success) {
        status = legend_dnnl_matrix_create(&c, dnnl_f32, m, n, legend_dnnl_row_major);
        if (status == dnnl_success) {
            legend_dnnl_layout b_layout = weights ? weights : legend_dnnl_matrix_layout(&b);
#if DNNL_VERSION_MAJOR >= 3
            status = dnnl_matmul_primitive_desc_create(description, engine, a, b_layout, NULL, c, NULL);
#else
            dnnl_matmul_desc_t matmul;
            status = dnnl_matmul_desc_init(&matmul, &a, b_layout, NULL, &c);
            if (status == dnnl_success) {
                status = dnnl_primitive_desc_create(description, &matmul, NULL, engine, NULL);
            }
#endif
            legend_dnnl_matrix_destroy(&c);
        }
        legend_dnnl_matrix_destroy(&b);
    }
    legend_dnnl_matrix_destroy(&a);
    return status;
}

static inline legend_dnnl_layout legend_dnnl_source_layout(const_dnnl_primitive_desc_t description) {
    return dnnl_primitive_desc_query_md(description, dnnl_query_src_md, 0);
}

static inline legend_dnnl_layout legend_dnnl_weights_layout(const_dnnl_primitive_desc_t description) {
    return dnnl_primitive_desc_query_md(description, dnnl_query_weights_md, 0);
}

static inline legend_dnnl_layout legend_dnnl_destination_layout(const_dnnl_primitive_desc_t description) {
    return dnnl_primitive_desc_query_md(description, dnnl_query_dst_md, 0);
}

/// Runs `primitive` with its two or three operands and waits for it. `weights` may be null.
static inline dnnl_status_t legend_dnnl_execute(
    const_dnnl_primitive_t primitive, dnnl_stream_t stream, dnnl_memory_t source, dnnl_memory_t weights,
    dnnl_memory_t destination) {
    const dnnl_exec_arg_t arguments[] = {
        {DNNL_ARG_SRC, source}, {DNNL_ARG_DST, destination}, {DNNL_ARG_WEIGHTS, weights}};
    dnnl_status_t status = dnnl_primitive_execute(primitive, stream, weights ? 3 : 2, arguments);
    return status == dnnl_success ? dnnl_stream_wait(stream) : status;
}

/// Copies row-major weights `[n, k]` into `packed`, a memory of the layout for `B[k, n]`.
static inline dnnl_status_t legend_dnnl_pack(
    dnnl_engine_t engine, dnnl_data_type_t type, int64_t n, int64_t k, void *row_major, legend_dnnl_layout layout,
    dnnl_memory_t packed) {
    legend_dnnl_matrix plain;
    dnnl_status_t status = legend_dnnl_matrix_create(&plain, type, k, n, legend_dnnl_transposed);
    if (status != dnnl_success) return status;
    legend_dnnl_layout plain_layout = legend_dnnl_matrix_layout(&plain);
    dnnl_memory_t source = NULL;
    dnnl_primitive_desc_t description = NULL;
    dnnl_primitive_t reorder = NULL;
    dnnl_stream_t stream = NULL;
    status = dnnl_memory_create(&source, plain_layout, engine, row_major);
    if (status == dnnl_success) {
        status = dnnl_reorder_primitive_desc_create(&description, plain_layout, engine, layout, engine, NULL);
    }
    if (status == dnnl_success) status = dnnl_primitive_create(&reorder, description);
    if (status == dnnl_success) status = dnnl_stream_create(&stream, engine, dnnl_stream_default_flags);
    if (status == dnnl_success) status = legend_dnnl_execute(reorder, stream, source, NULL, packed);
    if (stream) dnnl_stream_destroy(stream);
    if (reorder) dnnl_primitive_destroy(reorder);
    if (description) dnnl_primitive_desc_destroy(description);
    if (source) dnnl_memory_destroy(source);
    legend_dnnl_matrix_destroy(&plain);
    return status;
}

#endif
