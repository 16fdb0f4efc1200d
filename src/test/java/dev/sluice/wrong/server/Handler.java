package dev.sluice.wrong.server;

/// A class of the server.
public final class Handler {
    private Handler() {}
}
