package dev.sluice.model;

import java.util.List;

/// What the hub says about one revision of a repository.
///
/// @param commit the commit that the revision's name stands for now
/// @param files all files of the revision
record HubRevision(String commit, List<HubFile> files) {
    HubRevision {
        files = List.copyOf(files);
    }
}
