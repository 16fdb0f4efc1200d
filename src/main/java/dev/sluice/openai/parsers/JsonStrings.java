package dev.sluice.openai.parsers;

/// Reads JSON strings that [JsonScanner] has found valid.
final class JsonStrings {
    private JsonStrings() {}

    /// The text that a string with its quotes stands for.
    static String unquote(CharSequence json) {
        StringBuilder text = new StringBuilder(json.length());
        int end = json.length() - 1;
        for (int i = 1; i < end; i++) {
            char c = json.charAt(i);
            if (c != '\\') {
                text.append(c);
                continue;
            }
            char escaped = json.charAt(++i);
            if (escaped == 'u') {
                text.append((char) Integer.parseInt(json, i + 1, i + 5, 16));
                i += 4;
            } else {
                text.append(plain(escaped));
            }
        }
        return text.toString();
    }

    private static char plain(char escaped) {
        return switch (escaped) {
            case 'b' -> '\b';
            case 'f' -> '\f';
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            default -> escaped;
        };
    }

    /// Whether a text is one JSON object and nothing else but white space.
    static boolean isObject(String text) {
        JsonScanner scanner = new JsonScanner();
        String object = text.strip();
        if (!object.startsWith("{")) {
            return false;
        }
        for (int i = 0; i < object.length(); i++) {
            JsonScanner.Step step = scanner.accept(object.charAt(i));
            if (step != JsonScanner.Step.MORE) {
                return step == JsonScanner.Step.LAST && i == object.length() - 1;
            }
        }
        return false;
    }
}
