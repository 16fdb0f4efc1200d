package dev.sluice.chat;

/// The exceptions of Python and Jinja, in their wording.
final class Errors {
    private Errors() {}

    static TemplateException type(String reason) {
        return new TemplateException("TypeError", reason);
    }

    static TemplateException value(String reason) {
        return new TemplateException("ValueError", reason);
    }

    static TemplateException overflow(String reason) {
        return new TemplateException("OverflowError", reason);
    }

    static TemplateException zeroDivision(String reason) {
        return new TemplateException("ZeroDivisionError", reason);
    }

    static TemplateException runtime(String reason) {
        return new TemplateException("TemplateRuntimeError", reason);
    }

    static TemplateException filterArgument(String reason) {
        return new TemplateException("FilterArgumentError", reason);
    }

    static TemplateException syntax(String reason, int line) {
        return new TemplateException("TemplateSyntaxError", reason).atLine(line);
    }

    static TemplateException limit(String reason) {
        return new TemplateException(TemplateException.LIMIT, reason);
    }

    static TemplateException notIterable(Object value) {
        return type("'" + Types.name(value) + "' object is not iterable");
    }

    static TemplateException operands(String operator, Object left, Object right) {
        return type(
                "unsupported operand type(s) for "
                        + operator
                        + ": '"
                        + Types.name(left)
                        + "' and '"
                        + Types.name(right)
                        + "'");
    }
}
