package dev.sluice.grammar;

/// Bounds the time of operations on automata, which know nothing of the grammar that they are for.
final class CompileTime {
    private static final ScopedValue<GrammarBuilder> CURRENT = ScopedValue.newInstance();

    private CompileTime() {}

    /// Does what is bounded by the time that a builder's grammar may take.
    static Rules within(
            GrammarBuilder builder, ScopedValue.CallableOp<Rules, GrammarException> compilation)
            throws GrammarException {
        return ScopedValue.where(CURRENT, builder).call(compilation);
    }

    /// To be called now and then by whatever may take long.
    ///
    /// @throws GrammarException if the grammar that is compiled on this thread takes too long
    static void check() throws GrammarException {
        if (CURRENT.isBound()) {
            CURRENT.get().checkTime();
        }
    }
}
