// Switching stacks. x86-64 and aarch64 save what a function must preserve and no more.
#pragma once

#include <stdint.h>

extern "C" {
// Saves the caller's registers on its stack, stores that stack in *save, and goes on where load was saved.
void cusimSwitch(void **save, void *load);
}

// Lays out a fresh stack, growing down from top, so that a switch to it calls start.
void *cusimPrepareStack(void *top, void (*start)());
