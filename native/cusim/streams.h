// Streams as queues of work, events, captures and graphs.
//
// Work runs on the thread that enqueues it, or in deferred mode on the one that waits for it.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <thread>
#include <vector>

#include "driver.h"

namespace cusim {

// Something that a stream does. A graph may do it many times.
class Work {
  public:
    virtual ~Work() = default;
    // Does it, or gives false where it must wait for other streams. State is 0 at the first try of each time.
    virtual bool run(CUstream stream, long *state) const = 0;
    // What kind of node of a graph it is.
    virtual const char *kind() const = 0;
};

// Work that waits for nobody.
class SimpleWork : public Work {
  public:
    SimpleWork(const char *kind, std::function<void(CUstream)> action) : name(kind), action(std::move(action)) {}

    bool run(CUstream stream, long *) const override {
        action(stream);
        return true;
    }

    const char *kind() const override { return name; }

  private:
    const char *name;
    std::function<void(CUstream)> action;
};

using WorkPointer = std::shared_ptr<const Work>;

struct Pending {
    WorkPointer work;
    unsigned long sequence;
    long state = 0;
};

// What one cuStreamBeginCapture records, on its stream and on those that joined by events.
struct Capture {
    CUstream origin;
    CUstreamCaptureMode mode;
    std::thread::id thread;
    bool valid = true;
    std::vector<WorkPointer> works;
    std::set<CUstream> joined;
    // Joined streams with work that the origin has not waited for.
    std::set<CUstream> unjoined;
};

struct EventState {
    unsigned long recorded = 0;
    unsigned long completed = 0;
    unsigned long sequence = 0;
    CUstream stream = nullptr;
    double milliseconds = 0;
    std::weak_ptr<Capture> capture;
    bool captured = false;
};

// The stream that a handle stands for, or null where there is none such.
CUstream resolveStream(CUcontext context, CUstream stream);

// Enqueues work, or adds it to the stream's capture.
CUresult submit(CUcontext context, CUstream stream, WorkPointer work);
CUresult submit(CUcontext context, CUstream stream, const char *kind, std::function<void(CUstream)> action);

// Waits until the stream has done all; gives the context's error.
CUresult drain(CUstream stream);
CUresult drainContext(CUcontext context);

// Runs the stream's work that was enqueued before the given place; whether any was done.
bool pump(CUstream stream, unsigned long before);

// The place in the order of all work that the next to be enqueued will have.
unsigned long nextPlace();

// Runs all that can be run, of all streams; whether anything did.
bool pumpAll();

// Refuses a call that is unsafe while the calling thread captures, as the real driver does, and ends that
// capture as invalid. Success where nothing is captured, or in relaxed mode.
CUresult refuseInCapture(CUcontext context);

// Refuses to wait for a stream that is being captured, and ends its capture as invalid.
CUresult refuseWaiting(CUcontext context, CUstream stream);

// Refuses work in the legacy stream while a stream that it synchronises with is being captured.
CUresult refuseLegacyInCapture(CUcontext context);

}  // namespace cusim

struct CUstream_st {
    CUstream_st(CUcontext context, unsigned flags) : context(context), flags(flags) {}

    bool isLegacy() const { return this == context->legacy.get(); }
    // Whether it waits for the legacy stream and the other way round.
    bool blocks() const { return (flags & CU_STREAM_NON_BLOCKING) == 0; }

    CUcontext context;
    unsigned flags;
    std::deque<cusim::Pending> queue;
    bool running = false;
    std::shared_ptr<cusim::Capture> capture;
};

struct CUevent_st {
    CUcontext context;
    unsigned flags;
    std::shared_ptr<cusim::EventState> state = std::make_shared<cusim::EventState>();
};

struct CUgraph_st {
    std::vector<cusim::WorkPointer> works;
};

struct CUgraphExec_st {
    std::vector<cusim::WorkPointer> works;
};

// In an exported function: finds the stream of a handle, or returns.
#define CUSIM_STREAM(name, handle)                                       \
    CUstream name = cusim::resolveStream(call.context, handle);          \
    if (name == nullptr) {                                               \
        return CUDA_ERROR_INVALID_HANDLE;                                \
    }

// In an exported function: returns unless a handle lives.
#define CUSIM_HANDLE(kind, handle)                                       \
    if (cusim::driver().kind.count(handle) == 0) {                       \
        return CUDA_ERROR_INVALID_HANDLE;                                \
    }
