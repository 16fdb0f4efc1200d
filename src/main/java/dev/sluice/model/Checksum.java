package dev.sluice.model;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/// A checksum that a file must have.
///
/// @param kind how it is computed
/// @param hex the digest, lower-case hexadecimal
record Checksum(Kind kind, String hex) {
    private static final Pattern HEX = Pattern.compile("[0-9a-f]+");
    private static final int BUFFER_BYTES = 1 << 16;

    /// Ways to compute a checksum.
    enum Kind {
        /// SHA-256 of the bytes.
        SHA_256("SHA-256", 64),
        /// SHA-1 of git's blob: a header with the size, then the bytes.
        GIT_BLOB("SHA-1", 40);

        private final String algorithm;
        private final int digits;

        Kind(String algorithm, int digits) {
            this.algorithm = algorithm;
            this.digits = digits;
        }
    }

    /// A SHA-256.
    static Checksum sha256(String hex) {
        return new Checksum(Kind.SHA_256, hex);
    }

    /// Reads the checksum out of the hub's entity tag: SHA-256 of large files, git blob of small
    /// ones; empty where the tag is something else.
    static Optional<Checksum> ofHubTag(String tag) {
        String hex = tag.toLowerCase(Locale.ROOT);
        for (Kind kind : Kind.values()) {
            if (hex.length() == kind.digits && HEX.matcher(hex).matches()) {
                return Optional.of(new Checksum(kind, hex));
            }
        }
        return Optional.empty();
    }

    /// Computes the checksum of a file; about a second a gigabyte.
    static Checksum of(Kind kind, Path file) throws IOException {
        MessageDigest digest = digest(kind);
        if (kind == Kind.GIT_BLOB) {
            digest.update(("blob " + Files.size(file) + "\0").getBytes(StandardCharsets.US_ASCII));
        }
        byte[] buffer = new byte[BUFFER_BYTES];
        try (InputStream in = Files.newInputStream(file)) {
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                digest.update(buffer, 0, n);
            }
        }
        return new Checksum(kind, HexFormat.of().formatHex(digest.digest()));
    }

    /// Whether a file has this checksum.
    boolean matches(Path file) throws IOException {
        return of(kind, file).hex.equals(hex);
    }

    private static MessageDigest digest(Kind kind) {
        try {
            return MessageDigest.getInstance(kind.algorithm);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has " + kind.algorithm, e);
        }
    }
}
