// test.h: cmocka with what it wants included before it.
#ifndef ATTN_TEST_H
#define ATTN_TEST_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#endif
