package dev.sluice.chat;

import java.util.LinkedHashMap;
import java.util.Map;

/// The only value that a template may change: `set ns.name = value`.
final class NamespaceValue {
    private final Map<String, Object> attributes = new LinkedHashMap<>();

    Map<String, Object> attributes() {
        return attributes;
    }
}
