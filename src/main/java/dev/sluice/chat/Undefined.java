package dev.sluice.chat;

import org.jspecify.annotations.Nullable;

/// What an unknown variable, attribute or element evaluates to: empty when printed, looped over or
/// tested, an error in nearly everything else.
final class Undefined {
    private final @Nullable String hint;
    private final @Nullable Object owner;
    private final Object name;
    private final String error;

    private Undefined(@Nullable String hint, @Nullable Object owner, Object name, String error) {
        this.hint = hint;
        this.owner = owner;
        this.name = name;
        this.error = error;
    }

    /// A variable that nobody defined.
    static Undefined variable(String name) {
        return new Undefined(null, null, name, "UndefinedError");
    }

    /// An attribute or element that the owner doesn't have.
    static Undefined member(Object owner, Object name) {
        return new Undefined(null, owner, name, "UndefinedError");
    }

    /// Something that is missing for the reason given.
    static Undefined because(String hint) {
        return new Undefined(hint, null, "", "UndefinedError");
    }

    /// An attribute that a template must not touch.
    static Undefined unsafe(Object owner, String name) {
        String hint =
                "access to attribute "
                        + Representation.repr(name)
                        + " of '"
                        + Types.name(owner)
                        + "' object is unsafe.";
        return new Undefined(hint, null, name, "SecurityError");
    }

    /// The exception for a use that needs a value.
    TemplateException failure() {
        return new TemplateException(error, message());
    }

    private String message() {
        if (hint != null) {
            return hint;
        }
        if (owner == null) {
            return Representation.repr(name) + " is undefined";
        }
        String type = owner == None.NONE ? "None" : Types.qualifiedName(owner) + " object";
        return name instanceof String || name instanceof Markup
                ? Representation.repr(type) + " has no attribute " + Representation.repr(name)
                : type + " has no element " + Representation.repr(name);
    }
}
