#include "fiber_switch.h"

#if defined(__x86_64__)

// A jump, since a return to another stack than the call's would never be predicted. Neither the signal mask nor the floating-point control words are saved: kernels change neither.
asm(R"(
.text
.globl cusimSwitch
.hidden cusimSwitch
.type cusimSwitch,@function
cusimSwitch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    popq %rdx
    jmpq *%rdx
.size cusimSwitch,.-cusimSwitch
)");

void *cusimPrepareStack(void *top, void (*start)()) {
    void **stack = (void **)((uintptr_t)top & ~(uintptr_t)15);
    // The return address that start will not use; it also aligns the stack as at any function's entry.
    *--stack = nullptr;
    *--stack = (void *)start;
    for (int saved = 0; saved < 6; saved++) {
        *--stack = nullptr;
    }
    return stack;
}

#elif defined(__aarch64__)

asm(R"(
.text
.globl cusimSwitch
.hidden cusimSwitch
.type cusimSwitch,%function
cusimSwitch:
    sub sp, sp, #160
    stp x19, x20, [sp, #0]
    stp x21, x22, [sp, #16]
    stp x23, x24, [sp, #32]
    stp x25, x26, [sp, #48]
    stp x27, x28, [sp, #64]
    stp x29, x30, [sp, #80]
    stp d8, d9, [sp, #96]
    stp d10, d11, [sp, #112]
    stp d12, d13, [sp, #128]
    stp d14, d15, [sp, #144]
    mov x9, sp
    str x9, [x0]
    mov sp, x1
    ldp x19, x20, [sp, #0]
    ldp x21, x22, [sp, #16]
    ldp x23, x24, [sp, #32]
    ldp x25, x26, [sp, #48]
    ldp x27, x28, [sp, #64]
    ldp x29, x30, [sp, #80]
    ldp d8, d9, [sp, #96]
    ldp d10, d11, [sp, #112]
    ldp d12, d13, [sp, #128]
    ldp d14, d15, [sp, #144]
    add sp, sp, #160
    ret
.size cusimSwitch,.-cusimSwitch
)");

void *cusimPrepareStack(void *top, void (*start)()) {
    void **stack = (void **)((uintptr_t)top & ~(uintptr_t)15) - 20;
    for (int saved = 0; saved < 20; saved++) {
        stack[saved] = nullptr;
    }
    stack[11] = (void *)start;
    return stack;
}

#else
#error "cusim knows how to switch stacks on x86-64 and aarch64 only"
#endif
