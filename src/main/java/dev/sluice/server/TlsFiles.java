package dev.sluice.server;

/// Key and certificate of a server, as PEM files.
///
/// @param key path of the private key
/// @param certificate path of the certificate, with those that vouch for it behind it
public record TlsFiles(String key, String certificate) {}
