package dev.sluice.conformance;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The command `bench/conformance templates|tokenizers|grammar DIR [DATA] [--allow-skips]`.
///
/// Exit code 0 when every kind of case is at its floor and nothing was skipped (or
/// `--allow-skips`), 1 when not or when there was no case at all, 2 for a wrong command line.
public final class Conformance {
    private static final int GOOD = 0;
    private static final int BAD = 1;
    private static final int MISUSED = 2;

    private static final String USAGE =
            """
            Usage: bench/conformance templates|tokenizers|grammar DIR [DATA] [--allow-skips]
            DIR has the cases; DATA, if DIR is only a part of it, the vocabularies, templates and
            conversations that they name.\
            """;
    private static final String ALLOW_SKIPS = "--allow-skips";

    private final PrintWriter out;
    private final PrintWriter err;

    /// @param out the report
    /// @param err what is wrong with the command line
    Conformance(PrintWriter out, PrintWriter err) {
        this.out = out;
        this.err = err;
    }

    /// Runs the command and ends the process with its exit code.
    public static void main(String[] args) throws IOException {
        PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
        PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
        System.exit(new Conformance(out, err).run(List.of(args)));
    }

    /// @return the exit code
    /// @throws IOException if the folder can't be listed
    int run(List<String> arguments) throws IOException {
        List<String> words = new ArrayList<>(arguments);
        boolean allowSkips = words.removeIf(ALLOW_SKIPS::equals);
        if (words.size() < 2 || words.size() > 3) {
            err.println(USAGE);
            return MISUSED;
        }
        String subject = words.getFirst();
        Path folder = Path.of(words.get(1));
        Path data = Path.of(words.getLast());
        for (Path given : List.of(folder, data)) {
            if (!Files.isDirectory(given)) {
                err.println(given + " is not a folder.");
                return MISUSED;
            }
        }
        CaseFiles files = CaseFiles.in(folder);
        Optional<CaseSet> cases = cases(subject, folder, data, files.rows());
        if (cases.isEmpty()) {
            err.println(USAGE);
            return MISUSED;
        }
        return judge(cases.get(), files, allowSkips);
    }

    private Optional<CaseSet> cases(String subject, Path folder, Path data, List<Row> rows)
            throws IOException {
        return switch (subject) {
            case "templates" -> Optional.of(TemplateCases.of(folder, rows, data));
            case "grammar" -> Optional.of(GrammarCases.of(folder, data));
            case "tokenizers" -> Optional.of(TokenizerCases.of(folder, data));
            default -> Optional.empty();
        };
    }

    private int judge(CaseSet cases, CaseFiles files, boolean allowSkips) {
        Report report = new Report(cases.floors(), files.unreadable());
        for (Row row : files.rows()) {
            if (cases.kind(row).isPresent()) {
                cases.judgeAll(row).forEach((kind, verdict) -> report.add(kind, row, verdict));
            }
        }
        if (!cases.note().isEmpty()) {
            out.println(cases.note());
        }
        report.print(out);
        if (report.passed() + report.failed() == 0) {
            err.println("There was no case to try.");
            return BAD;
        }
        return report.reachesFloors() && (allowSkips || report.skipped() == 0) ? GOOD : BAD;
    }
}
