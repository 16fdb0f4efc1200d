#include "settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mutex>
#include <sstream>
#include <vector>

namespace cusim {

namespace {

struct Failure {
    std::string function;
    long callsLeft;
    int status;
};

std::mutex failuresMutex;
std::vector<Failure> failures;

bool is(const char *variable, const char *value) {
    const char *set = getenv(variable);
    return set != nullptr && strcmp(set, value) == 0;
}

long long number(const char *variable, long long otherwise) {
    const char *set = getenv(variable);
    return set != nullptr && *set != 0 ? atoll(set) : otherwise;
}

Settings fromEnvironment() {
    Settings settings;
    settings.reverse = is("CUSIM_ORDER", "reverse");
    settings.deferred = is("CUSIM_STREAMS", "deferred");
    settings.devices = (int)number("CUSIM_DEVICES", 1);
    settings.memory = (size_t)number("CUSIM_MEMORY", 8LL << 30);
    const char *fail = getenv("CUSIM_FAIL");
    if (fail != nullptr && !armFailures(fail)) {
        fprintf(stderr, "cusim: CUSIM_FAIL is not FUNCTION:CALL:STATUS[,...]: %s\n", fail);
    }
    return settings;
}

bool parse(const std::string &text, Failure *failure) {
    size_t first = text.find(':');
    size_t second = text.find(':', first == std::string::npos ? first : first + 1);
    if (first == std::string::npos || second == std::string::npos) {
        return false;
    }
    failure->function = text.substr(0, first);
    failure->callsLeft = atol(text.c_str() + first + 1);
    failure->status = atoi(text.c_str() + second + 1);
    return !failure->function.empty() && failure->callsLeft > 0 && failure->status > 0;
}

}  // namespace

Settings &settings() {
    static Settings settings = fromEnvironment();
    return settings;
}

bool armFailures(const std::string &calls) {
    std::vector<Failure> armed;
    std::istringstream parts(calls);
    for (std::string part; std::getline(parts, part, ',');) {
        Failure failure;
        if (!parse(part, &failure)) {
            return false;
        }
        armed.push_back(failure);
    }
    std::lock_guard<std::mutex> lock(failuresMutex);
    failures = armed;
    return true;
}

int plannedFailure(const char *function) {
    std::lock_guard<std::mutex> lock(failuresMutex);
    int status = 0;
    for (Failure &failure : failures) {
        if (failure.callsLeft > 0 && failure.function == function && --failure.callsLeft == 0) {
            status = failure.status;
        }
    }
    return status;
}

}  // namespace cusim
