package dev.sluice.grammar;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.PriorityBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/// Compiles grammars on threads of its own, the shortest first, and remembers the last ones: equal
/// specs share one compiled grammar, also while it is being compiled.
///
/// Safe on any thread. Owned by whoever made it; closing it fails what is being compiled.
public final class GrammarCompiler implements AutoCloseable {
    private static final int MAX_REMEMBERED = 64;
    private static final int MAX_WAITING = 256;

    /// Of the heap, what the remembered grammars may take together; one may be larger.
    private static final int HEAP_SHARE = 8;

    /// How much more those in use may take.
    private static final int IN_USE = 2;

    private final Supplier<GrammarVocabulary> source;
    private final GrammarLimits limits;
    private final JsonSchemaOptions options;
    private final BlockingQueue<Runnable> queue =
            new PriorityBlockingQueue<>(MAX_WAITING, Compilation.SHORTEST_FIRST);
    private final ExecutorService threads;
    private final ExecutorService maskThreads;
    private final long mostBytes;
    private Optional<GrammarVocabulary> prepared = Optional.empty();
    private long numAsked;
    private final GrammarMemory inUse;

    /// Those that wait, are compiled or are remembered; who was asked for last is last.
    private final Map<GrammarSpec, Compilation> known = new LinkedHashMap<>(16, 0.75f, true);

    /// @param vocabulary asked for once, on a thread of this
    /// @param options how JSON is written; the request decides what is strict
    /// @param numThreads how many grammars are compiled at the same time
    public GrammarCompiler(
            Supplier<GrammarVocabulary> vocabulary,
            GrammarLimits limits,
            JsonSchemaOptions options,
            int numThreads) {
        this(
                vocabulary,
                limits,
                options,
                numThreads,
                Runtime.getRuntime().maxMemory() / HEAP_SHARE);
    }

    /// @param mostBytes of all remembered grammars
    GrammarCompiler(
            Supplier<GrammarVocabulary> vocabulary,
            GrammarLimits limits,
            JsonSchemaOptions options,
            int numThreads,
            long mostBytes) {
        this.mostBytes = mostBytes;
        this.inUse = new GrammarMemory(IN_USE * mostBytes);
        this.source = vocabulary;
        this.limits = limits;
        this.options = options;
        this.threads = pool("grammar-", numThreads, queue);
        this.maskThreads = pool("mask-", numThreads, new LinkedBlockingQueue<>(MAX_WAITING));
    }

    private static ExecutorService pool(
            String name, int numThreads, BlockingQueue<Runnable> queue) {
        AtomicInteger number = new AtomicInteger();
        ThreadPoolExecutor pool =
                new ThreadPoolExecutor(
                        numThreads,
                        numThreads,
                        1,
                        TimeUnit.MINUTES,
                        queue,
                        task ->
                                Thread.ofPlatform()
                                        .daemon()
                                        .name(name + number.getAndIncrement())
                                        .unstarted(task));
        pool.allowCoreThreadTimeOut(true);
        return pool;
    }

    /// The memory for grammars that sequences follow: a quarter of the heap for their rules, and a
    /// quarter for what they remember.
    public GrammarMemory inUse() {
        return inUse;
    }

    /// Where masks may be found: never behind a grammar that takes long to compile.
    public Executor maskThreads() {
        return maskThreads;
    }

    /// Prepares the vocabulary, which takes some tenths of a second, before the first grammar needs
    /// it.
    public void warmUp() {
        threads.execute(this::vocabulary);
    }

    private GrammarVocabulary vocabulary() {
        synchronized (source) {
            if (prepared.isEmpty()) {
                prepared = Optional.of(source.get());
            }
            return prepared.get();
        }
    }

    /// Compiles a grammar, unless that has been done.
    ///
    /// @return fails with a [GrammarException], or with a [RejectedExecutionException] if this is
    ///   closed meanwhile
    /// @throws RejectedExecutionException if too many are waiting or this is closed
    public CompletableFuture<CompiledGrammar> compile(GrammarSpec spec) {
        return compile(spec, () -> true);
    }

    /// Compiles a grammar, unless that has been done or nobody wants it any more when its turn
    /// comes. The shortest of those that wait are next.
    ///
    /// @param wanted whether the caller still wants it; any thread
    /// @return as [#compile(GrammarSpec)]; fails with a [CancellationException] if nobody wants it
    /// @throws RejectedExecutionException if too many are waiting or this is closed
    public CompletableFuture<CompiledGrammar> compile(GrammarSpec spec, BooleanSupplier wanted) {
        synchronized (known) {
            Compilation compilation = known.get(spec);
            if (compilation == null || compilation.result().isCompletedExceptionally()) {
                compilation = start(spec);
            }
            compilation.ask(wanted);
            return compilation.result();
        }
    }

    private Compilation start(GrammarSpec spec) {
        if (queue.size() >= MAX_WAITING) {
            throw new RejectedExecutionException("too many grammars wait to be compiled");
        }
        Compilation compilation = new Compilation(spec, numAsked++, this::run);
        threads.execute(compilation);
        known.put(spec, compilation);
        return compilation;
    }

    private void run(Compilation compilation) {
        try {
            if (isGivenUp(compilation)) {
                throw new CancellationException("nobody wants the grammar any more");
            }
            compilation.found(compileNow(compilation.spec()));
            remember(compilation);
            compilation.end();
        } catch (GrammarException | RuntimeException | Error e) {
            synchronized (known) {
                known.remove(compilation.spec(), compilation);
            }
            compilation.fail(e);
        }
    }

    /// From then on nobody can ask for it.
    private boolean isGivenUp(Compilation compilation) {
        synchronized (known) {
            return !compilation.isWanted() && known.remove(compilation.spec(), compilation);
        }
    }

    /// As if it had been asked for just now, however long it took.
    private void remember(Compilation compilation) {
        synchronized (known) {
            var _ = known.get(compilation.spec());
            forget();
        }
    }

    /// Forgets the grammars that were not asked for the longest, if there are too many or all take
    /// too much memory.
    private void forget() {
        synchronized (known) {
            long total = known.values().stream().mapToLong(Compilation::bytes).sum();
            long count = known.values().stream().filter(Compilation::isFound).count();
            Iterator<Compilation> eldest = known.values().iterator();
            while ((total > mostBytes && count > 1) || count > MAX_REMEMBERED) {
                Compilation next = eldest.next();
                if (next.isFound()) {
                    eldest.remove();
                    total -= next.bytes();
                    count--;
                }
            }
        }
    }

    /// Asked by a grammar that has grown: others may have to go.
    private long mostRemembered() {
        forget();
        return inUse.limit(limits.maxBytes());
    }

    /// Compiles on the calling thread, past the memory of earlier ones.
    CompiledGrammar compileNow(GrammarSpec spec) throws GrammarException {
        GrammarVocabulary words = vocabulary();
        GrammarBuilder builder = new GrammarBuilder(limits);
        if (spec instanceof GrammarSpec.StructuralTag tag) {
            builder.spell(words.special(tag.markers()));
        }
        SpecWriter writer = new SpecWriter(builder, options);
        Rules rules;
        try {
            rules = CompileTime.within(builder, () -> writer.write(spec));
        } catch (StackOverflowError _) {
            // What is nested in one place is counted; chains of references are only followed.
            throw GrammarException.tooLarge(
                    "the grammar is nested too deeply, or its references lead too far");
        }
        return new CompiledGrammar(rules, words, limits, this::mostRemembered, writer.remarks());
    }

    @Override
    public void close() {
        threads.shutdownNow();
        maskThreads.shutdownNow();
        List<Compilation> left;
        synchronized (known) {
            left = List.copyOf(known.values());
        }
        left.forEach(each -> each.fail(new RejectedExecutionException("the compiler is closed")));
    }
}
