package dev.sluice.openai;

import dev.sluice.chat.ChatTemplate;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// Tells the log, once for each name, what requests say to a template that does not listen. Safe
/// for use by several threads.
final class UnreadVariables {
    private static final Logger LOG = LoggerFactory.getLogger(UnreadVariables.class);
    private static final Set<String> WATCHED =
            Set.of("tools", ThinkingFields.ENABLE_THINKING, "reasoning_effort");

    private final Set<String> told = ConcurrentHashMap.newKeySet();

    /// Looks at what a request says.
    ///
    /// @param template the model's own
    /// @param variables of the request; a null value says nothing
    void check(ChatTemplate template, Map<String, Object> variables) {
        for (String name : WATCHED) {
            if (variables.get(name) != null && !template.usesVariable(name) && told.add(name)) {
                LOG.warn(
                        "a request says {}, but the model's chat template does not read it: it"
                                + " changes nothing (said once)",
                        name);
            }
        }
    }
}
