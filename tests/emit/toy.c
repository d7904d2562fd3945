// toy.c: see toy.h.
#include "toy.h"

const char toy_module[] =
    "#any = strided<[?], offset: ?>\n"
    "func.func @toy.check(%M: index {attn.name = \"M\", attn.size}) -> i64 {\n"
    "  %two = arith.constant 2 : index\n"
    "  %zero = arith.constant 0 : index\n"
    "  %bad = arith.constant 0 : i64\n"
    "  %good = arith.constant -1 : i64\n"
    "  %q = arith.floordivsi %M, %two : index\n"
    "  %p = arith.muli %q, %two : index\n"
    "  %even = arith.cmpi eq, %p, %M : index\n"
    "  %r = arith.select %even, %good, %bad : i64\n"
    "  return %r : i64\n"
    "}\n"
    "func.func @toy.temp0.count(%N: index {attn.name = \"N\", attn.size}, %M: index {attn.name = \"M\", attn.size})\n"
    "    -> (index, index) {\n"
    "  return %N, %M : index, index\n"
    "}\n"
    "func.func @toy.nest0.items(%N: index {attn.name = \"N\", attn.size}) -> index {\n"
    "  return %N : index\n"
    "}\n"
    "func.func @toy.nest0.workspace(%M: index {attn.name = \"M\", attn.size}) -> index {\n"
    "  %four = arith.constant 4 : index\n"
    "  %b = arith.muli %M, %four : index\n"
    "  return %b : index\n"
    "}\n"
    "func.func @toy.nest0(%x: memref<?xf32, #any> {attn.name = \"x\", attn.argument},\n"
    "    %t: memref<?x?xf32, strided<[?, 1], offset: ?>> {attn.name = \"temp0\", attn.temporary},\n"
    "    %M: index {attn.name = \"M\", attn.size}, %k: i64 {attn.name = \"k\", attn.scalar},\n"
    "    %c: f32 {attn.name = \"c\", attn.scalar}, %i: index {attn.item},\n"
    "    %w: memref<?xi8> {attn.workspace}) {\n"
    "  %zero = arith.constant 0 : index\n"
    "  %one = arith.constant 1 : index\n"
    "  %row = memref.view %w[%zero][%M] : memref<?xi8> to memref<?xf32>\n"
    "  %e = memref.load %x[%i] : memref<?xf32, #any>\n"
    "  %kf = arith.sitofp %k : i64 to f32\n"
    "  %v = math.fma %e, %c, %kf : f32\n"
    "  scf.for %j = %zero to %M step %one { memref.store %v, %row[%j] : memref<?xf32> }\n"
    "  scf.for %j = %zero to %M step %one {\n"
    "    %u = memref.load %row[%j] : memref<?xf32>\n"
    "    memref.store %u, %t[%i, %j] : memref<?x?xf32, strided<[?, 1], offset: ?>>\n"
    "  }\n"
    "  return\n"
    "}\n"
    "func.func @toy.nest1.items(%N: index {attn.name = \"N\", attn.size}) -> index {\n"
    "  return %N : index\n"
    "}\n"
    "func.func @toy.nest1(%z: memref<?xf32, #any> {attn.name = \"z\", attn.argument},\n"
    "    %y: memref<?xf32, #any> {attn.name = \"y\", attn.result},\n"
    "    %t: memref<?x?xf32, strided<[?, 1], offset: ?>> {attn.name = \"temp0\", attn.temporary},\n"
    "    %M: index {attn.name = \"M\", attn.size}, %i: index {attn.item}) {\n"
    "  %zero = arith.constant 0 : index\n"
    "  %one = arith.constant 1 : index\n"
    "  %none = arith.constant 0.0 : f32\n"
    "  %s = scf.for %j = %zero to %M step %one iter_args(%a = %none) -> f32 {\n"
    "    %u = memref.load %t[%i, %j] : memref<?x?xf32, strided<[?, 1], offset: ?>>\n"
    "    %f = memref.load %z[%j] : memref<?xf32, #any>\n"
    "    %n = math.fma %u, %f, %a : f32\n"
    "    scf.yield %n : f32\n"
    "  }\n"
    "  memref.store %s, %y[%i] : memref<?xf32, #any>\n"
    "  return\n"
    "}\n"
    "func.func @toy.nest2.items() -> index {\n"
    "  %one = arith.constant 1 : index\n"
    "  return %one : index\n"
    "}\n"
    "func.func private @toy.add(%a: f32, %b: f32) -> f32 {\n"
    "  %s = arith.addf %a, %b : f32\n"
    "  return %s : f32\n"
    "}\n"
    "func.func @toy.nest2(%y: memref<?xf32, #any> {attn.name = \"y\", attn.result},\n"
    "    %total: memref<f32, strided<[], offset: ?>> {attn.name = \"total\", attn.result},\n"
    "    %N: index {attn.name = \"N\", attn.size}, %item: index {attn.item}) {\n"
    "  %zero = arith.constant 0 : index\n"
    "  %one = arith.constant 1 : index\n"
    "  %none = arith.constant 0.0 : f32\n"
    "  %s = scf.for %i = %zero to %N step %one iter_args(%a = %none) -> f32 {\n"
    "    %u = memref.load %y[%i] : memref<?xf32, #any>\n"
    "    %n = func.call @toy.add(%a, %u) : (f32, f32) -> f32\n"
    "    scf.yield %n : f32\n"
    "  }\n"
    "  %e = math.erf %s : f32\n"
    "  %d = arith.subf %e, %e : f32\n"
    "  %r = arith.addf %s, %d : f32\n"
    "  memref.store %r, %total[] : memref<f32, strided<[], offset: ?>>\n"
    "  return\n"
    "}\n";

static void add_param(program *p, const char *name, elem_type elem, int size, bool is_result)
{
    program_param param = {.name = name, .elem = elem, .rank = size >= 0, .is_result = is_result, .equation = -1};
    expr *dims = ARENA_ARRAY(p->arena, expr, 1);
    if (size >= 0)
        dims[0] = expr_size(p->pool, size);
    param.dims = dims;
    VEC_PUSH(p->arena, &p->params, param);
}

program *toy_program(arena *a, int64_t m)
{
    program *p = program_create(a, "toy");
    program_size n_size = {"N", 0, 0, -1}, m_size = {"M", 3, 0, m};
    program_require even = {.condition = expr_bool(p->pool, true), .text = "M % 2 == 0"};
    VEC_PUSH(a, &p->sizes, n_size);
    VEC_PUSH(a, &p->sizes, m_size);
    VEC_PUSH(a, &p->requires_, even);
    add_param(p, "x", ELEM_F32, 0, false);
    add_param(p, "k", ELEM_I32, -1, false);
    add_param(p, "c", ELEM_F32, -1, false);
    add_param(p, "z", ELEM_F32, 1, false);
    add_param(p, "y", ELEM_F32, 0, true);
    add_param(p, "total", ELEM_F32, -1, true);
    return p;
}
