package dev.sluice.model;

import java.util.OptionalLong;

/// How far a download is.
///
/// @param what file or package, for humans
/// @param bytes bytes that are here, those of an earlier, broken-off try included
/// @param totalBytes size of the whole, where it is known
public record DownloadProgress(String what, long bytes, OptionalLong totalBytes) {}
