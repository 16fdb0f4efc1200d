package dev.sluice.chat;

/// A piece of a template's source.
///
/// @param type what it is
/// @param text the name or operator, or the text outside of tags
/// @param value of a number or string
/// @param line where it begins, from 1
record Token(Type type, String text, Object value, int line) {
    /// Kinds of tokens.
    enum Type {
        /// Text outside of tags.
        DATA("template data / text"),
        /// `{{`
        VARIABLE_BEGIN("begin of print statement"),
        /// `}}`
        VARIABLE_END("end of print statement"),
        /// `{%`
        BLOCK_BEGIN("begin of statement block"),
        /// `%}`
        BLOCK_END("end of statement block"),
        /// Identifier or keyword.
        NAME("name"),
        /// Quoted string, its escapes resolved.
        STRING("string"),
        /// Whole number.
        INTEGER("integer"),
        /// Number with a fraction or exponent.
        FLOAT("float"),
        /// Operator or bracket.
        OPERATOR("operator"),
        /// After the last token.
        END("end of template");

        private final String description;

        Type(String description) {
            this.description = description;
        }

        String description() {
            return description;
        }
    }

    boolean isName(String name) {
        return type == Type.NAME && text.equals(name);
    }

    boolean isOperator(String operator) {
        return type == Type.OPERATOR && text.equals(operator);
    }

    /// For error messages.
    String description() {
        return type == Type.NAME || type == Type.OPERATOR ? text : type.description();
    }
}
