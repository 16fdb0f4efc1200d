package dev.sluice.cli;

/// The value of `--chat-template`: a template, or the file that holds one.
final class TemplateFlag {
    private TemplateFlag() {}

    /// The template's source. A value with braces or several lines is the template itself.
    ///
    /// @throws Refusal if it is a file that can't be read
    static String source(String value) {
        if (value.indexOf('{') >= 0 || value.indexOf('}') >= 0 || value.indexOf('\n') >= 0) {
            return value;
        }
        return TextFile.read("--chat-template", value);
    }
}
