package dev.sluice.conformance;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The command `bench/conformance templates|tokenizers|grammar DIR [--allow-skips]`.
///
/// Exit code 0 when every kind of case is at its floor and nothing was skipped (or
/// `--allow-skips`), 1 when not or when there was no case at all, 2 for a wrong command line.
public final class Conformance {
    private static final int GOOD = 0;
    private static final int BAD = 1;
    private static final int MISUSED = 2;

    private static final String USAGE =
            "Usage: bench/conformance templates|tokenizers|grammar DIR [--allow-skips]";
    private static final String ALLOW_SKIPS = "--allow-skips";

    private final PrintWriter out;
    private final PrintWriter err;
    private final Path data;

    /// @param out the report
    /// @param err what is wrong with the command line
    /// @param data folder with recorded data, asked for what the cases' own folder lacks
    Conformance(PrintWriter out, PrintWriter err, Path data) {
        this.out = out;
        this.err = err;
        this.data = data;
    }

    /// Runs the command and ends the process with its exit code.
    public static void main(String[] args) throws IOException {
        PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
        PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
        Path data = Path.of(System.getProperty("sluice.data", "../shared/data"));
        System.exit(new Conformance(out, err, data).run(List.of(args)));
    }

    /// @return the exit code
    /// @throws IOException if the folder can't be listed
    int run(List<String> arguments) throws IOException {
        List<String> words = new ArrayList<>(arguments);
        boolean allowSkips = words.removeIf(ALLOW_SKIPS::equals);
        if (words.size() != 2) {
            err.println(USAGE);
            return MISUSED;
        }
        String subject = words.getFirst();
        Path folder = Path.of(words.getLast());
        if (!Files.isDirectory(folder)) {
            err.println(folder + " is not a folder.");
            return MISUSED;
        }
        CaseFiles files = CaseFiles.in(folder);
        Optional<CaseSet> cases = cases(subject, folder, files.rows());
        if (cases.isEmpty()) {
            err.println(USAGE);
            return MISUSED;
        }
        return judge(cases.get(), files, allowSkips);
    }

    private Optional<CaseSet> cases(String subject, Path folder, List<Row> rows)
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
