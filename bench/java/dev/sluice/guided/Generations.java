package dev.sluice.guided;

import dev.sluice.embed.LoadedEngine;
import dev.sluice.engine.ApiException;
import dev.sluice.engine.Engine;
import dev.sluice.engine.GenerationEvent;
import dev.sluice.engine.GenerationRequest;
import dev.sluice.engine.Guidance;
import dev.sluice.engine.LogitsRules;
import dev.sluice.engine.OutputOptions;
import dev.sluice.engine.SamplingParams;
import dev.sluice.engine.StopConditions;
import dev.sluice.grammar.GrammarSpec;
import dev.sluice.tokenizer.TokenIds;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.Consumer;

/// Has a model write texts for schemas, several at once: those with an even number hot, for schemas
/// with bounded strings and arrays, the others cooler and for any.
///
/// The text of a number does not depend on how many are written: it has its own seed.
public final class Generations {
    private static final String PROMPT = "A JSON document: ";
    private static final float HOT = 1.5f;
    private static final float COOL = 0.8f;

    private final Engine engine;
    private final TokenIds prompt;
    private final SchemaSample schemas;
    private final int maxTokens;
    private final Deque<Writing> ended = new ArrayDeque<>();
    private int running;

    /// @param loaded whose engine the calling thread runs
    /// @param maxTokens most tokens of a text
    public Generations(LoadedEngine loaded, SchemaSample schemas, int maxTokens) {
        this.engine = loaded.engine();
        this.prompt = loaded.prompts().text(PROMPT);
        this.schemas = schemas;
        this.maxTokens = maxTokens;
    }

    /// The form of a text.
    ///
    /// Hot ones have closed objects, as `"strict": true` asks for: keys, too, are bounded then.
    public GrammarSpec.JsonSchema spec(int number) {
        boolean hot = isHot(number);
        List<String> kind = hot ? schemas.bounded() : schemas.any();
        return new GrammarSpec.JsonSchema(kind.get(number / 2 % kind.size()), true, hot);
    }

    private static boolean isHot(int number) {
        return number % 2 == 0;
    }

    /// Writes texts.
    ///
    /// @param from number of the first
    /// @param to number behind the last
    /// @param atOnce how many are written at the same time
    /// @param each told of each text, in the order in which they end
    public void run(int from, int to, int atOnce, Consumer<Generation> each) {
        int next = from;
        while (next < to || running > 0) {
            while (next < to && running < atOnce) {
                start(next++);
            }
            engine.step();
            while (!ended.isEmpty()) {
                running--;
                each.accept(ended.remove().result());
            }
        }
    }

    private void start(int number) {
        Writing writing = new Writing(number);
        running++;
        engine.admit(writing.request(), writing::accept).join();
    }

    /// A text that is being written.
    private final class Writing {
        private final int number;
        private final GrammarSpec.JsonSchema spec;
        private final StringBuilder text = new StringBuilder();
        private final List<TokenIds> ids = new ArrayList<>();
        private GenerationEvent last;

        Writing(int number) {
            this.number = number;
            this.spec = spec(number);
            this.last = new GenerationEvent.Failed("", new ApiException.Internal("not begun"));
        }

        private float temperature() {
            return isHot(number) ? HOT : COOL;
        }

        GenerationRequest request() {
            return new GenerationRequest(
                    "g" + number,
                    prompt,
                    new SamplingParams(temperature(), 1, OptionalInt.empty(), 0, number),
                    LogitsRules.NONE.with(new Guidance(spec, "guided_json")),
                    StopConditions.maxTokens(maxTokens),
                    OutputOptions.TEXT);
        }

        void accept(GenerationEvent event) {
            last = event;
            if (event instanceof GenerationEvent.Delta delta) {
                text.append(delta.text());
                ids.add(delta.tokenIds());
            }
            if (event.isTerminal()) {
                ended.add(this);
            }
        }

        Generation result() {
            if (!(last instanceof GenerationEvent.Finished end)) {
                throw new IllegalStateException("text " + number + " failed: " + last);
            }
            int[] all = ids.stream().flatMapToInt(some -> Arrays.stream(some.toArray())).toArray();
            return new Generation(
                    number,
                    spec.schema(),
                    spec.closed(),
                    temperature(),
                    text.toString(),
                    TokenIds.of(all),
                    end.reason());
        }
    }
}
