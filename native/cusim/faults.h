// Turns memory faults of kernels into failed launches.
#pragma once

namespace cusim {

// Puts a handler before the process's own, once; faults outside of kernels go on to that one.
void catchFaults();

}  // namespace cusim
