package dev.sluice.chat;

import org.jspecify.annotations.Nullable;

import java.time.InstantSource;
import java.time.ZoneId;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// A model's chat template: messages and more in, prompt text out.
///
/// The language is Jinja as Hugging Face renders it (jinja2 3.1.6, immutable sandbox,
/// `trim_blocks`, `lstrip_blocks`, `break` and `continue`, `generation`, `raise_exception`,
/// `strftime_now`, `tojson` without HTML escapes), but for `include`, `import`, `extends`, `block`
/// and `autoescape`. Values of variables are data: text in them is never read as a template.
///
/// Immutable: compile once, render from any thread. A render spends at most what its
/// [TemplateLimits] allow, so that templates of unknown origin can be rendered.
public final class ChatTemplate {
    private final Action body;
    private final Symbols.Function function;
    private final Set<String> variables;
    private final TemplateLimits limits;
    private final InstantSource clock;
    private final ZoneId zone;

    private ChatTemplate(
            Action body,
            Symbols.Function function,
            Set<String> variables,
            TemplateLimits limits,
            InstantSource clock,
            ZoneId zone) {
        this.body = body;
        this.function = function;
        this.variables = variables;
        this.limits = limits;
        this.clock = clock;
        this.zone = zone;
    }

    /// Reads a template, with the default limits and the system's clock and zone. Costs about a
    /// millisecond for 10 KB.
    ///
    /// @throws TemplateException if it is not a template
    public static ChatTemplate compile(String source) {
        return compile(source, TemplateLimits.DEFAULT);
    }

    /// Reads a template, with the system's clock and zone.
    ///
    /// @throws TemplateException if it is not a template or longer or deeper than allowed
    public static ChatTemplate compile(String source, TemplateLimits limits) {
        try {
            List<Stmt> statements = Parser.parse(source, limits);
            Scope scope = Scope.root();
            scope.symbols().analyse(statements);
            Action body = StatementCompiler.scope(statements, scope);
            return new ChatTemplate(
                    body,
                    scope.symbols().function(),
                    Set.copyOf(mentioned(statements)),
                    limits,
                    InstantSource.system(),
                    ZoneId.systemDefault());
        } catch (StackOverflowError _) {
            throw Errors.limit("the source nests too deep");
        }
    }

    private static Set<String> mentioned(List<Stmt> statements) {
        Set<String> names = new HashSet<>();
        for (Stmt statement : statements) {
            statement.walk(node -> {
                if (node instanceof Expr.Name(String name)) {
                    names.add(name);
                }
            });
        }
        return names;
    }

    /// The same template with another clock for `strftime_now`.
    public ChatTemplate withClock(InstantSource otherClock, ZoneId otherZone) {
        return new ChatTemplate(body, function, variables, limits, otherClock, otherZone);
    }

    /// Makes the prompt.
    ///
    /// @param values variables by name: String, Boolean, Integer, Long, Double, BigInteger, List or
    ///   Map of such, null for Python's `None`. What is absent is undefined, which is not the same.
    ///   Not changed, and not kept
    /// @throws TemplateException if the template fails, refuses the values, or spends too much
    /// @throws IllegalArgumentException if a value that the template uses is of another type
    public String render(Map<String, ? extends @Nullable Object> values) {
        Render render = new Render(limits, values, clock, zone);
        Output out = new Output(render);
        try {
            body.run(new Frame(render, null, function.size()), out);
        } catch (TemplateException e) {
            throw e.atLine(render.line());
        } catch (StackOverflowError _) {
            throw Errors.limit("values or calls nest too deep").atLine(render.line());
        }
        return out.toString();
    }

    /// Whether the template reads a name anywhere, such as `tools` or `enable_thinking`. A name
    /// that it only assigns to doesn't count; one that it assigns to and reads does.
    public boolean usesVariable(String name) {
        return variables.contains(name);
    }
}
