// What the emulation exports beside NVIDIA's names: what tests set and ask. Call only while nothing runs.
#pragma once

#include <stddef.h>
#include <stdint.h>

#pragma GCC visibility push(default)
extern "C" {

// Threads and blocks run first to last, or (non-zero) last to first. As CUSIM_ORDER=reverse.
void cusim_set_order(int reverse);

// Work runs at the call, or (non-zero) only when somebody waits for it. As CUSIM_STREAMS=deferred.
void cusim_set_streams(int deferred);

// How many devices there are, and how much memory each has. As CUSIM_DEVICES and CUSIM_MEMORY; takes effect
// at the next cuInit after cusim_reset.
void cusim_set_devices(int count, int64_t bytes);

// Adds devices until there are as many; may be called before cuInit and after it.
void cusim_need_devices(int count);

// Makes calls fail: "cuMemAlloc_v2:3:2" lets the third call from now give 2; several are separated by
// commas; empty or null stops it. As CUSIM_FAIL. Gives 0, or 1 where the text makes no sense.
int cusim_fail(const char *calls);

// Device memory that is allocated, and that was never freed before its context ended.
int64_t cusim_allocated_bytes();

// Pinned host memory that is allocated.
int64_t cusim_pinned_bytes();

// Why the last kernel or emulated library call failed, as UTF-8 ended by 0; gives its length without
// the 0, and 0 where nothing failed.
int64_t cusim_last_failure(char *text, int64_t size);

// The OS threads that called anything of NVIDIA's names since the last reset of this record.
int cusim_thread_count();

// The name of one of those threads, ended by 0; gives its length, or -1 where there is no such thread.
int64_t cusim_thread_name(int index, char *text, int64_t size);

void cusim_threads_reset();

// How many calls of NVIDIA's names there were since the last reset of that record.
int64_t cusim_call_count();

// Forgets all devices with their memory, contexts and errors, as if the library had just been loaded. Every
// handle and pointer is invalid afterwards. Settings stay.
void cusim_reset();

}
#pragma GCC visibility pop
