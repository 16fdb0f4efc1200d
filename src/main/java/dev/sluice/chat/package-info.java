/// Messages to prompt text.
///
/// Main types: `ChatTemplate` (the Jinja that real templates use), `TemplateException`. May import:
/// the JDK only. Threading: templates are immutable and shared; a render uses nothing but its
/// arguments.
@NullMarked
package dev.sluice.chat;

import org.jspecify.annotations.NullMarked;
