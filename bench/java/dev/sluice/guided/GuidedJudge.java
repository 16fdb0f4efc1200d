package dev.sluice.guided;

import dev.sluice.engine.FinishReason;

import io.vertx.core.json.JsonObject;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.stream.Stream;

/// Judges texts that [GuidedTexts] wrote and that came to their end once more.
///
/// Run by `bench/guided judge`.
public final class GuidedJudge {
    private final PrintStream out;
    private int ended;
    private int judged;
    private int wrong;

    private GuidedJudge(PrintStream out) {
        this.out = out;
    }

    /// Runs.
    ///
    /// @param args file of texts
    public static void main(String[] args) throws IOException {
        GuidedJudge judge = new GuidedJudge(System.out);
        try (Stream<String> rows = Files.lines(Path.of(args[0]))) {
            rows.map(JsonObject::new).forEach(judge::take);
        }
        judge.out.printf(
                "%d texts came to their end, %d of them judged, %d wrong%n",
                judge.ended, judge.judged, judge.wrong);
        System.exit(judge.wrong == 0 && judge.judged == judge.ended ? 0 : 1);
    }

    private void take(JsonObject row) {
        if (!row.getString("reason").equals(FinishReason.STOP.name().toLowerCase(Locale.ROOT))) {
            return;
        }
        ended++;
        String text = row.getString("text");
        SchemaCheck.Verdict verdict = SchemaCheck.check(row.getJsonObject("schema").encode(), text);
        judged += verdict.judged() ? 1 : 0;
        verdict.problem().ifPresent(what -> complain(row, what));
    }

    private void complain(JsonObject row, String what) {
        wrong++;
        out.printf(
                "WRONG %d: %s%n  text %s%n  schema %s%n",
                row.getInteger("number"),
                what,
                row.getString("text"),
                row.getJsonObject("schema").encode());
    }
}
