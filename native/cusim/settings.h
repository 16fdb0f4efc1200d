// What environment variables and tests set.
#pragma once

#include <stddef.h>

#include <string>

namespace cusim {

struct Settings {
    bool reverse;
    bool deferred;
    int devices;
    size_t memory;
};

// Read from the environment at the first use.
Settings &settings();

// Parses and arms the failures of cusim_fail.
bool armFailures(const std::string &calls);

// The status that this call of the function is to fail with, or 0. Counts the call.
int plannedFailure(const char *function);

}  // namespace cusim
