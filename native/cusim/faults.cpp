#include "faults.h"

#include <signal.h>
#include <stdint.h>
#include <ucontext.h>

#include <initializer_list>

#include "fibers.h"

namespace cusim {

namespace {

struct sigaction formerSegv;
struct sigaction formerBus;

// Lets the interrupted thread go on as if it had called what leaves the kernel.
void leave(ucontext_t *interrupted, const Departure &departure) {
#if defined(__x86_64__)
    greg_t *registers = interrupted->uc_mcontext.gregs;
    registers[REG_RIP] = (greg_t)departure.instruction;
    registers[REG_RDI] = (greg_t)departure.first;
    registers[REG_RSI] = (greg_t)departure.second;
    // The leaving function saves registers on the stack that it leaves, which may be the one that is full:
    // anything that is saved there is lost anyway, so the caller's own frame serves.
    registers[REG_RSP] = (greg_t)departure.second - 256;
#elif defined(__aarch64__)
    interrupted->uc_mcontext.pc = (uint64_t)departure.instruction;
    interrupted->uc_mcontext.regs[0] = (uint64_t)departure.first;
    interrupted->uc_mcontext.regs[1] = (uint64_t)departure.second;
    interrupted->uc_mcontext.sp = (uint64_t)departure.second - 256;
#endif
}

void passOn(int signal, siginfo_t *info, void *context) {
    const struct sigaction &former = signal == SIGBUS ? formerBus : formerSegv;
    if (former.sa_flags & SA_SIGINFO) {
        former.sa_sigaction(signal, info, context);
    } else if (former.sa_handler == SIG_DFL || former.sa_handler == SIG_IGN) {
        // Returning with the default in place faults again, and ends the process as it would have.
        sigaction(signal, &former, nullptr);
    } else {
        former.sa_handler(signal);
    }
}

void handle(int signal, siginfo_t *info, void *context) {
    if (inKernel()) {
        leave(static_cast<ucontext_t *>(context), departAfterFault(info->si_addr));
    } else {
        passOn(signal, info, context);
    }
}

void install(int signal, struct sigaction *former) {
    sigaction(signal, nullptr, former);
    struct sigaction ours = {};
    ours.sa_sigaction = &handle;
    ours.sa_mask = former->sa_mask;
    ours.sa_flags = former->sa_flags | SA_SIGINFO | SA_ONSTACK;
    sigaction(signal, &ours, nullptr);
}

}  // namespace

void catchFaults() {
    static const bool installed = [] {
        install(SIGSEGV, &formerSegv);
        install(SIGBUS, &formerBus);
        return true;
    }();
    (void)installed;
}

}  // namespace cusim
