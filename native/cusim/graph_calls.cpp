// The exported functions for graphs.
#include <string>

#include "streams.h"

using cusim::driver;
using cusim::Needs;

namespace {

CUresult sameKinds(const CUgraphExec_st &executable, const CUgraph_st &graph, CUgraphExecUpdateResult *result) {
    *result = CU_GRAPH_EXEC_UPDATE_SUCCESS;
    if (executable.works.size() != graph.works.size()) {
        *result = CU_GRAPH_EXEC_UPDATE_ERROR_TOPOLOGY_CHANGED;
    }
    for (size_t i = 0; *result == CU_GRAPH_EXEC_UPDATE_SUCCESS && i < graph.works.size(); i++) {
        if (std::string(graph.works[i]->kind()) != executable.works[i]->kind()) {
            *result = CU_GRAPH_EXEC_UPDATE_ERROR_NODE_TYPE_CHANGED;
        }
    }
    return *result == CU_GRAPH_EXEC_UPDATE_SUCCESS ? CUDA_SUCCESS : CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE;
}

}  // namespace

CUresult cuGraphInstantiateWithFlags(CUgraphExec *executable, CUgraph graph, unsigned long long) {
    CUSIM_CALL(Needs::CONTEXT)
    CUSIM_HANDLE(graphs, graph)
    *executable = new CUgraphExec_st{graph->works};
    driver().executables.insert(*executable);
    return CUDA_SUCCESS;
}

CUresult cuGraphExecUpdate_v2(CUgraphExec executable, CUgraph graph, CUgraphExecUpdateResultInfo *result) {
    CUSIM_CALL(Needs::CONTEXT)
    CUSIM_HANDLE(executables, executable)
    CUSIM_HANDLE(graphs, graph)
    *result = {};
    CUresult status = sameKinds(*executable, *graph, &result->result);
    if (status == CUDA_SUCCESS) {
        executable->works = graph->works;
    }
    return status;
}

CUresult cuGraphUpload(CUgraphExec executable, CUstream handle) {
    CUSIM_CALL(Needs::CONTEXT)
    CUSIM_HANDLE(executables, executable)
    CUSIM_STREAM(stream, handle)
    return cusim::refuseWaiting(call.context, stream);
}

CUresult cuGraphLaunch(CUgraphExec executable, CUstream handle) {
    CUSIM_CALL(Needs::CONTEXT)
    CUSIM_HANDLE(executables, executable)
    for (const cusim::WorkPointer &work : executable->works) {
        CUresult status = cusim::submit(call.context, handle, work);
        if (status != CUDA_SUCCESS) {
            return status;
        }
    }
    return CUDA_SUCCESS;
}

CUresult cuGraphExecDestroy(CUgraphExec executable) {
    CUSIM_CALL(Needs::CONTEXT)
    CUSIM_HANDLE(executables, executable)
    driver().executables.erase(executable);
    delete executable;
    return CUDA_SUCCESS;
}

CUresult cuGraphDestroy(CUgraph graph) {
    CUSIM_CALL(Needs::CONTEXT)
    CUSIM_HANDLE(graphs, graph)
    driver().graphs.erase(graph);
    delete graph;
    return CUDA_SUCCESS;
}
