// NCCL's communicators between emulated devices of this process: who belongs together, and what they exchange.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "api_nccl.h"
#include "streams.h"

namespace cusim {

enum class Collective { ALL_REDUCE, ALL_GATHER, REDUCE_SCATTER, BROADCAST };

// One rank's part of a collective.
struct CollectiveCall {
    Collective collective;
    const void *from;
    void *to;
    size_t count;
    ncclDataType_t type;
    ncclRedOp_t operation;
    int root;
};

// One rank's part of a transfer between two.
struct Transfer {
    bool sends;
    int peer;
    void *data;
    size_t bytes;
};

struct Posted {
    Transfer transfer;
    int rank;
    long owner;
    bool done = false;
};

// A collective that some ranks have come to.
struct Round {
    std::vector<const CollectiveCall *> calls;
    int arrived = 0;
    int left = 0;
    bool done = false;
};

// The ranks that belong together.
struct Clique {
    explicit Clique(int ranks) : contexts(ranks), ungrouped(ranks) {}

    int size() const { return (int)contexts.size(); }
    bool complete() const { return joined == size(); }

    std::vector<CUcontext> contexts;
    int joined = 0;
    // Who called for a rank outside of a group.
    std::vector<std::thread::id> ungrouped;
    std::map<long, Round> rounds;
    std::deque<Posted> posted;
    long nextOwner = 1;
    // Whether a rank gave up: nobody waits for the others any more.
    bool aborted = false;
};

bool isSupported(ncclDataType_t type);
size_t sizeOf(ncclDataType_t type);

// Does a collective whose parts are all there; on a fault all ranks' contexts fail.
void exchange(Clique &clique, const std::vector<const CollectiveCall *> &calls);

// Forgets all cliques.
void resetCommunicators();

}  // namespace cusim

struct ncclComm {
    std::shared_ptr<cusim::Clique> clique;
    int rank;
    // How many collectives this rank has come to.
    long tickets = 0;

    CUcontext context() const { return clique->contexts[rank]; }
};
