// The exported functions of NCCL.
#include <string.h>

#include <algorithm>
#include <chrono>
#include <set>

#include "communicators.h"
#include "status.h"

using cusim::Call;
using cusim::Clique;
using cusim::Collective;
using cusim::CollectiveCall;
using cusim::driver;
using cusim::Needs;
using cusim::Transfer;

namespace {

constexpr std::chrono::seconds PATIENCE(30);

struct Registry {
    std::map<std::string, std::shared_ptr<Clique>> cliques;
    std::set<const ncclComm *> communicators;
    long nextId = 1;
};

Registry &registry() {
    static auto *registry = new Registry;
    return *registry;
}

// What this thread has called since ncclGroupStart.
struct Group {
    struct Enqueued {
        ncclComm_t communicator;
        CUstream stream;
        cusim::WorkPointer work;
    };
    struct Transferred {
        ncclComm_t communicator;
        CUstream stream;
        std::vector<Transfer> transfers;
    };

    int depth = 0;
    std::vector<Enqueued> works;
    std::vector<Transferred> transfers;
    std::vector<std::shared_ptr<Clique>> joined;
};

Group &group() {
    static thread_local Group group;
    return group;
}

class CollectiveWork : public cusim::Work {
  public:
    CollectiveWork(ncclComm_t communicator, CollectiveCall call)
        : communicator(communicator), clique(communicator->clique), call(call) {}

    bool run(CUstream, long *state) const override {
        if (clique->aborted) {
            return true;
        }
        if (*state == 0) {
            *state = ++communicator->tickets;
            cusim::Round &round = clique->rounds[*state];
            round.calls.resize(clique->size());
            round.calls[communicator->rank] = &call;
            round.left = clique->size();
            if (++round.arrived == clique->size()) {
                cusim::exchange(*clique, round.calls);
                round.done = true;
            }
        }
        cusim::Round &round = clique->rounds[*state];
        bool done = round.done;
        if (done && --round.left == 0) {
            clique->rounds.erase(*state);
        }
        return done;
    }

    const char *kind() const override { return "collective"; }

  private:
    ncclComm_t communicator;
    std::shared_ptr<Clique> clique;
    CollectiveCall call;
};

// The sends and receives of one group, which complete together.
class TransferWork : public cusim::Work {
  public:
    TransferWork(ncclComm_t communicator, std::vector<Transfer> transfers)
        : clique(communicator->clique), rank(communicator->rank), transfers(std::move(transfers)) {}

    bool run(CUstream, long *state) const override {
        if (clique->aborted) {
            return true;
        }
        if (*state == 0) {
            *state = clique->nextOwner++;
            for (const Transfer &transfer : transfers) {
                clique->posted.push_back({transfer, rank, *state});
            }
            match();
        }
        auto mine = [=](const cusim::Posted &posted) { return posted.owner == *state; };
        auto waits = [=](const cusim::Posted &posted) { return mine(posted) && !posted.done; };
        std::deque<cusim::Posted> &posted = clique->posted;
        if (std::any_of(posted.begin(), posted.end(), waits)) {
            return false;
        }
        posted.erase(std::remove_if(posted.begin(), posted.end(), mine), posted.end());
        return true;
    }

    const char *kind() const override { return "transfer"; }

  private:
    // Gives each receive the first send of its peer that is meant for it.
    void match() const {
        for (cusim::Posted &to : clique->posted) {
            if (to.transfer.sends || to.done) {
                continue;
            }
            for (cusim::Posted &from : clique->posted) {
                if (from.transfer.sends && !from.done && from.rank == to.transfer.peer
                    && from.transfer.peer == to.rank) {
                    move(from, to);
                    break;
                }
            }
        }
    }

    void move(cusim::Posted &from, cusim::Posted &to) const {
        from.done = to.done = true;
        auto there = [this](const cusim::Posted &posted) {
            return cusim::isDeviceMemory(clique->contexts[posted.rank],
                                         reinterpret_cast<uintptr_t>(posted.transfer.data), posted.transfer.bytes);
        };
        if (from.transfer.bytes != to.transfer.bytes || !there(from) || !there(to)) {
            for (CUcontext context : clique->contexts) {
                cusim::failContext(context, cusim::status::ILLEGAL_ADDRESS,
                                   "NCCL: a send and its receive differ in size or reach outside of their memory");
            }
            return;
        }
        memmove(to.transfer.data, from.transfer.data, from.transfer.bytes);
    }

    std::shared_ptr<Clique> clique;
    int rank;
    std::vector<Transfer> transfers;
};

ncclResult_t resultOf(const Call &call) {
    return call.planned                   ? static_cast<ncclResult_t>(call.status)
            : call.status == CUDA_SUCCESS ? ncclSuccess
                                          : ncclUnhandledCudaError;
}

bool isCommunicator(ncclComm_t communicator) {
    return registry().communicators.count(communicator) != 0;
}

// Waits until all ranks of a clique have come.
ncclResult_t awaitAll(const Clique &clique) {
    auto deadline = std::chrono::steady_clock::now() + PATIENCE;
    // The running call holds the lock, once.
    std::unique_lock<std::recursive_mutex> lock(driver().lock, std::adopt_lock);
    bool complete = driver().progress.wait_until(lock, deadline, [&] { return clique.complete(); });
    lock.release();
    if (!complete) {
        cusim::reportFailure("NCCL: only " + std::to_string(clique.joined) + " of " + std::to_string(clique.size())
                             + " ranks came");
        return ncclSystemError;
    }
    return ncclSuccess;
}

ncclResult_t submit(ncclComm_t communicator, CUstream stream, cusim::WorkPointer work) {
    CUcontext context = communicator->context();
    if (cusim::resolveStream(context, stream) == nullptr) {
        cusim::reportFailure("NCCL: the stream is not one of the device of rank "
                             + std::to_string(communicator->rank));
        return ncclInvalidUsage;
    }
    return cusim::submit(context, stream, std::move(work)) == CUDA_SUCCESS ? ncclSuccess : ncclUnhandledCudaError;
}

// A thread that drives several ranks must put their calls into a group: one could wait for the next for ever.
ncclResult_t noteUngrouped(ncclComm_t communicator) {
    std::vector<std::thread::id> &threads = communicator->clique->ungrouped;
    for (int rank = 0; rank < communicator->clique->size(); rank++) {
        if (rank != communicator->rank && threads[rank] == std::this_thread::get_id()) {
            cusim::reportFailure("NCCL: one thread called for several ranks outside of a group");
            return ncclInvalidUsage;
        }
    }
    threads[communicator->rank] = std::this_thread::get_id();
    return ncclSuccess;
}

ncclResult_t enqueue(const Call &call, ncclComm_t communicator, CUstream stream, CollectiveCall part) {
    if (call.status != CUDA_SUCCESS) {
        return resultOf(call);
    }
    bool reduces = part.collective == Collective::ALL_REDUCE || part.collective == Collective::REDUCE_SCATTER;
    if (!isCommunicator(communicator) || (reduces && (!cusim::isSupported(part.type) || part.operation == ncclProd))
        || part.root < 0 || part.root >= communicator->clique->size()) {
        return ncclInvalidArgument;
    }
    auto work = std::make_shared<CollectiveWork>(communicator, part);
    if (group().depth > 0) {
        group().works.push_back({communicator, stream, work});
        return ncclSuccess;
    }
    ncclResult_t result = noteUngrouped(communicator);
    return result == ncclSuccess ? submit(communicator, stream, work) : result;
}

ncclResult_t enqueue(const Call &call, ncclComm_t communicator, CUstream stream, Transfer transfer) {
    if (call.status != CUDA_SUCCESS) {
        return resultOf(call);
    }
    if (!isCommunicator(communicator) || transfer.peer < 0 || transfer.peer >= communicator->clique->size()) {
        return ncclInvalidArgument;
    }
    if (group().depth == 0) {
        ncclResult_t result = noteUngrouped(communicator);
        auto work = std::make_shared<TransferWork>(communicator, std::vector<Transfer>{transfer});
        return result == ncclSuccess ? submit(communicator, stream, work) : result;
    }
    for (Group::Transferred &open : group().transfers) {
        if (open.communicator == communicator && open.stream == stream) {
            open.transfers.push_back(transfer);
            return ncclSuccess;
        }
    }
    group().transfers.push_back({communicator, stream, {transfer}});
    return ncclSuccess;
}

ncclResult_t join(ncclComm_t *communicator, const std::shared_ptr<Clique> &clique, int rank, CUcontext context) {
    for (CUcontext other : clique->contexts) {
        if (other == context) {
            cusim::reportFailure("NCCL: two ranks share device " + std::to_string(context->ordinal));
            return ncclInvalidUsage;
        }
    }
    if (clique->contexts[rank] != nullptr) {
        return ncclInvalidUsage;
    }
    clique->contexts[rank] = context;
    clique->joined++;
    *communicator = new ncclComm{clique, rank};
    registry().communicators.insert(*communicator);
    driver().progress.notify_all();
    return ncclSuccess;
}

}  // namespace

void cusim::resetCommunicators() {
    registry().cliques.clear();
    registry().communicators.clear();
}

ncclResult_t ncclGetVersion(int *version) {
    Call call(__func__, Needs::NOTHING);
    *version = 23007;
    return resultOf(call);
}

ncclResult_t ncclGetUniqueId(ncclUniqueId *id) {
    Call call(__func__, Needs::NOTHING);
    memset(id, 0, sizeof *id);
    snprintf(id->internal, sizeof id->internal, "emulated-%ld", registry().nextId++);
    return resultOf(call);
}

const char *ncclGetErrorString(ncclResult_t result) {
    cusim::recordCall(__func__);
    switch (result) {
        case ncclSuccess: return "no error";
        case ncclUnhandledCudaError: return "unhandled cuda error";
        case ncclSystemError: return "unhandled system error";
        case ncclInternalError: return "internal error";
        case ncclInvalidArgument: return "invalid argument";
        case ncclInvalidUsage: return "invalid usage";
        case ncclRemoteError: return "remote process exited or there was a network error";
        case ncclInProgress: return "NCCL operation in progress";
        default: return "unknown result code";
    }
}

ncclResult_t ncclCommInitRank(ncclComm_t *communicator, int ranks, ncclUniqueId id, int rank) {
    Call call(__func__, Needs::CONTEXT);
    if (call.status != CUDA_SUCCESS) {
        return resultOf(call);
    }
    if (ranks < 1 || rank < 0 || rank >= ranks) {
        return ncclInvalidArgument;
    }
    std::shared_ptr<Clique> &clique = registry().cliques[std::string(id.internal, strnlen(id.internal, 128))];
    if (clique == nullptr) {
        clique = std::make_shared<Clique>(ranks);
    }
    if (clique->size() != ranks) {
        return ncclInvalidArgument;
    }
    std::shared_ptr<Clique> joined = clique;
    ncclResult_t result = join(communicator, joined, rank, call.context);
    if (result != ncclSuccess) {
        return result;
    }
    if (group().depth > 0) {
        group().joined.push_back(joined);
        return ncclSuccess;
    }
    return awaitAll(*joined);
}

ncclResult_t ncclCommInitAll(ncclComm_t *communicators, int devices, const int *list) {
    Call call(__func__, Needs::DRIVER);
    if (call.status != CUDA_SUCCESS) {
        return resultOf(call);
    }
    auto clique = std::make_shared<Clique>(devices);
    for (int rank = 0; rank < devices; rank++) {
        int device = list != nullptr ? list[rank] : rank;
        if (device < 0 || (size_t)device >= driver().devices.size()) {
            return ncclInvalidArgument;
        }
        ncclResult_t result = join(&communicators[rank], clique, rank, driver().devices[device].get());
        if (result != ncclSuccess) {
            return result;
        }
    }
    return ncclSuccess;
}

ncclResult_t ncclCommDestroy(ncclComm_t communicator) {
    Call call(__func__, Needs::DRIVER);
    if (call.status != CUDA_SUCCESS) {
        return resultOf(call);
    }
    if (!isCommunicator(communicator)) {
        return ncclInvalidArgument;
    }
    cusim::drainContext(communicator->context());
    registry().communicators.erase(communicator);
    delete communicator;
    return ncclSuccess;
}

ncclResult_t ncclCommAbort(ncclComm_t communicator) {
    Call call(__func__, Needs::DRIVER);
    if (call.status != CUDA_SUCCESS) {
        return resultOf(call);
    }
    if (!isCommunicator(communicator)) {
        return ncclInvalidArgument;
    }
    communicator->clique->aborted = true;
    // Work that waits for others keeps its communicator, which is never used again.
    registry().communicators.erase(communicator);
    driver().progress.notify_all();
    return ncclSuccess;
}

ncclResult_t ncclCommGetAsyncError(ncclComm_t communicator, ncclResult_t *error) {
    Call call(__func__, Needs::DRIVER);
    if (call.status != CUDA_SUCCESS) {
        return resultOf(call);
    }
    if (!isCommunicator(communicator)) {
        return ncclInvalidArgument;
    }
    *error = communicator->context()->sticky == CUDA_SUCCESS ? ncclSuccess : ncclUnhandledCudaError;
    return ncclSuccess;
}

ncclResult_t ncclGroupStart() {
    Call call(__func__, Needs::NOTHING);
    if (call.status != CUDA_SUCCESS) {
        return resultOf(call);
    }
    group().depth++;
    return ncclSuccess;
}

ncclResult_t ncclGroupEnd() {
    Call call(__func__, Needs::NOTHING);
    if (group().depth == 0) {
        return ncclInvalidUsage;
    }
    if (--group().depth > 0) {
        return resultOf(call);
    }
    Group ended = std::move(group());
    group() = {};
    ncclResult_t result = resultOf(call);
    for (const auto &clique : ended.joined) {
        result = result == ncclSuccess ? awaitAll(*clique) : result;
    }
    for (const Group::Enqueued &enqueued : ended.works) {
        result = result == ncclSuccess ? submit(enqueued.communicator, enqueued.stream, enqueued.work) : result;
    }
    for (const Group::Transferred &transferred : ended.transfers) {
        auto work = std::make_shared<TransferWork>(transferred.communicator, transferred.transfers);
        result = result == ncclSuccess ? submit(transferred.communicator, transferred.stream, work) : result;
    }
    return result;
}

ncclResult_t ncclAllReduce(
        const void *from,
        void *to,
        size_t count,
        ncclDataType_t type,
        ncclRedOp_t operation,
        ncclComm_t communicator,
        cudaStream_t stream) {
    Call call(__func__, Needs::DRIVER);
    return enqueue(call, communicator, stream, {Collective::ALL_REDUCE, from, to, count, type, operation, 0});
}

ncclResult_t ncclAllGather(
        const void *from, void *to, size_t count, ncclDataType_t type, ncclComm_t communicator, cudaStream_t stream) {
    Call call(__func__, Needs::DRIVER);
    return enqueue(call, communicator, stream, {Collective::ALL_GATHER, from, to, count, type, ncclSum, 0});
}

ncclResult_t ncclReduceScatter(
        const void *from,
        void *to,
        size_t count,
        ncclDataType_t type,
        ncclRedOp_t operation,
        ncclComm_t communicator,
        cudaStream_t stream) {
    Call call(__func__, Needs::DRIVER);
    return enqueue(call, communicator, stream, {Collective::REDUCE_SCATTER, from, to, count, type, operation, 0});
}

ncclResult_t ncclBroadcast(
        const void *from,
        void *to,
        size_t count,
        ncclDataType_t type,
        int root,
        ncclComm_t communicator,
        cudaStream_t stream) {
    Call call(__func__, Needs::DRIVER);
    return enqueue(call, communicator, stream, {Collective::BROADCAST, from, to, count, type, ncclSum, root});
}

ncclResult_t ncclSend(
        const void *from, size_t count, ncclDataType_t type, int peer, ncclComm_t communicator, cudaStream_t stream) {
    Call call(__func__, Needs::DRIVER);
    Transfer transfer{true, peer, const_cast<void *>(from), count * cusim::sizeOf(type)};
    return enqueue(call, communicator, stream, transfer);
}

ncclResult_t ncclRecv(
        void *to, size_t count, ncclDataType_t type, int peer, ncclComm_t communicator, cudaStream_t stream) {
    Call call(__func__, Needs::DRIVER);
    return enqueue(call, communicator, stream, Transfer{false, peer, to, count * cusim::sizeOf(type)});
}
