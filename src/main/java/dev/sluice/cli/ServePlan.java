package dev.sluice.cli;

import dev.sluice.embed.EngineOptions;
import dev.sluice.openai.ApiOptions;
import dev.sluice.server.ServerOptions;

import java.time.Duration;
import java.util.Optional;

/// What a server process does.
///
/// @param engine which model, and how
/// @param server where it listens and whom it answers
/// @param api what requests may ask for
/// @param servedModelName the only name that requests may use, where one is wanted
/// @param drainTimeout how long running answers may take after the first signal; empty for as long
///   as they need
record ServePlan(
        EngineOptions engine,
        ServerOptions server,
        ApiOptions api,
        Optional<String> servedModelName,
        Optional<Duration> drainTimeout) {}
