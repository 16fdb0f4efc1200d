package dev.sluice.model;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What a person writes to name a model, understood.
sealed interface ModelReference {
    String FORMS =
            "a directory, a .gguf file, a hub id ORG/NAME[@REVISION] or pip:NAME==VERSION[/FILE]";

    /// A directory or file that exists.
    record Local(Path path) implements ModelReference {}

    /// A repository on the hub.
    ///
    /// @param repo `org/name`
    /// @param revision branch, tag or commit
    /// @param file one .gguf file of the repository, where it was named
    record Hub(String repo, String revision, Optional<String> file) implements ModelReference {}

    /// A .gguf file inside a wheel of a Python package index.
    ///
    /// @param file name of the file in the wheel, where it was named
    record Wheel(String name, String version, Optional<String> file) implements ModelReference {

        /// The requirement as pip writes it.
        String requirement() {
            return name + "==" + version;
        }
    }

    Pattern HUB_ID =
            Pattern.compile("([\\w][\\w.-]*/[\\w][\\w.-]*)(?:/([\\w][\\w./-]*\\.gguf))?(?:@(.+))?");
    Pattern REVISION = Pattern.compile("\\w[\\w./-]*");
    Pattern PACKAGE =
            Pattern.compile(
                    "pip:([A-Za-z0-9][A-Za-z0-9._-]*)==([A-Za-z0-9][A-Za-z0-9._!+-]*)(?:/(.+))?");

    /// Understands a reference. What exists on disk wins over the same text as a hub id.
    ///
    /// @param revision used where the reference itself names none
    /// @throws ModelSourceException if it is none of the forms
    static ModelReference parse(String text, String revision, Path home) {
        if (text.startsWith("pip:")) {
            return parsePackage(text);
        }
        Optional<Path> path = existing(text, home);
        if (path.isPresent()) {
            return new Local(path.get());
        }
        Matcher id = HUB_ID.matcher(text);
        if (!id.matches()) {
            throw new ModelSourceException(
                    "There is no model at " + text + "; a model is " + FORMS + ".");
        }
        String wanted = Optional.ofNullable(id.group(3)).orElse(revision);
        if (!REVISION.matcher(wanted).matches() || wanted.contains("..")) {
            throw new ModelSourceException(wanted + " is no name of a branch, tag or commit.");
        }
        return new Hub(id.group(1), wanted, Optional.ofNullable(id.group(2)));
    }

    private static Optional<Path> existing(String text, Path home) {
        try {
            Path path = text.startsWith("~/") ? home.resolve(text.substring(2)) : Path.of(text);
            if (text.isEmpty()) {
                return Optional.empty();
            }
            path.getFileSystem().provider().checkAccess(path);
            return Optional.of(path);
        } catch (AccessDeniedException e) {
            if (HUB_ID.matcher(text).matches()) {
                // It is the folder that the process was started in that may not be entered.
                return Optional.empty();
            }
            throw new ModelSourceException(
                    "The permission to enter the folder of " + text + " is missing.", e);
        } catch (InvalidPathException | IOException e) {
            return Optional.empty();
        }
    }

    private static ModelReference parsePackage(String text) {
        Matcher matcher = PACKAGE.matcher(text);
        if (!matcher.matches()) {
            throw new ModelSourceException(
                    text + " is no package reference; write pip:NAME==VERSION[/FILE].");
        }
        return new Wheel(matcher.group(1), matcher.group(2), Optional.ofNullable(matcher.group(3)));
    }
}
