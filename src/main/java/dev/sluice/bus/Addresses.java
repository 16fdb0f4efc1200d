package dev.sluice.bus;

/// Event-bus addresses of the engine protocol.
///
/// | address | body | reply |
/// | --- | --- | --- |
/// | [#SUBMIT] | `GenerationRequest` | empty when accepted, else a failure with an `ApiException` |
/// | [#CANCEL] | the request's id | empty, also when the id is unknown |
/// | [#DRAIN] | milliseconds to wait for what runs, as a number; nothing or an empty string to wait without limit | empty once drained |
/// | [#INFO] | empty | [EngineInfo] |
/// | [#STATS] | empty | `StatsSnapshot` |
/// | [#cancel(String)] | as [#CANCEL] | as [#CANCEL] |
/// | [#alive(String)] | empty | empty, at once, also during a step |
///
/// The reply to an accepted request names its engine in the header [#ENGINE]; where there are
/// several on one bus, that one takes cancels at an address of its own. Events of a request go to
/// the address in the header [#EVENTS_TO] of the submit message, or to [#generation(String)] where
/// there is none. A cancel that has that header ends nothing but a request with the same one that
/// is not accepted yet.
public final class Addresses {
    /// Starts a generation.
    public static final String SUBMIT = "engine.submit";

    /// Ends a generation.
    public static final String CANCEL = "engine.cancel";

    /// Stops taking requests and ends those that run.
    public static final String DRAIN = "engine.drain";

    /// Tells what is served and whether it is ready. Answered at once, also during a step.
    public static final String INFO = "engine.info";

    /// Tells counters, gauges and histograms. Answered at once, also during a step.
    public static final String STATS = "engine.stats";

    /// Header of a submit message, or of a cancel before it is answered: where the events go.
    public static final String EVENTS_TO = "events-to";

    /// Header of the reply to an accepted request: the id of its engine.
    public static final String ENGINE = "engine";

    private Addresses() {}

    /// Where one engine says that it is still there.
    public static String alive(String engineId) {
        return "engine." + engineId + ".alive";
    }

    /// Where one engine is told to end a generation.
    public static String cancel(String engineId) {
        return "engine." + engineId + ".cancel";
    }

    /// Where the events of a request go when the submit message names no address.
    public static String generation(String requestId) {
        return "generation." + requestId;
    }
}
