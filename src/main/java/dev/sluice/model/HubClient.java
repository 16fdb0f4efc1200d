package dev.sluice.model;

import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.LongConsumer;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// The part of the Hugging Face hub's HTTP interface that a download needs.
///
/// @see "Hub API endpoints: huggingface.co/docs/hub/api"
final class HubClient {
    private static final ObjectMapper JSON = new ObjectMapper();

    private static final Pattern COMMIT = Pattern.compile("[0-9A-Za-z]{1,64}");

    private final String endpoint;
    private final HttpFiles http;

    /// @param endpoint address of the hub, without a slash at its end
    HubClient(String endpoint, HttpFiles http) {
        this.endpoint = endpoint;
        this.http = http;
    }

    /// Asks what a revision holds.
    ///
    /// @throws ModelSourceException if the hub has no such repository or revision, or wants a token
    HubRevision revision(String repo, String revision, HttpFiles.Patience patience)
            throws IOException {
        URI address =
                URI.create(
                        endpoint
                                + "/api/models/"
                                + repo
                                + "/revision/"
                                + segment(revision)
                                + "?blobs=true");
        try {
            return parse(http.text(address, patience));
        } catch (HttpFiles.Refused e) {
            throw refusal(e, repo, revision);
        } catch (JacksonException e) {
            throw new IOException(address + " answered something that is no JSON", e);
        }
    }

    /// Fetches one file of a commit, going on where `part` ends.
    void download(String repo, String commit, HubFile file, Path part, LongConsumer received)
            throws IOException {
        String path =
                Stream.of(file.name().split("/"))
                        .map(HubClient::segment)
                        .collect(Collectors.joining("/"));
        URI address = URI.create(endpoint + "/" + repo + "/resolve/" + commit + "/" + path);
        try {
            http.file(address, part, file.size(), received);
        } catch (HttpFiles.Refused e) {
            throw refusal(e, repo, commit);
        }
    }

    private static HubRevision parse(String body) throws IOException {
        JsonNode root = JSON.readTree(body);
        String commit = root.path("sha").asString("");
        if (!COMMIT.matcher(commit).matches() || !root.path("siblings").isArray()) {
            throw new IOException("the hub's answer names no commit and files");
        }
        List<HubFile> files = new ArrayList<>();
        for (JsonNode sibling : root.path("siblings")) {
            JsonNode size = sibling.path("size");
            String tag = sibling.path("lfs").path("sha256").asString("");
            if (tag.isEmpty()) {
                tag = sibling.path("blobId").asString("");
            }
            files.add(
                    new HubFile(
                            sibling.path("rfilename").asString(""),
                            size.isNumber() ? OptionalLong.of(size.asLong()) : OptionalLong.empty(),
                            tag.isEmpty() ? Optional.empty() : Optional.of(tag)));
        }
        return new HubRevision(commit, files);
    }

    private ModelSourceException refusal(HttpFiles.Refused e, String repo, String revision) {
        String what = repo + "@" + revision;
        return switch (e.status()) {
            case 401, 403 ->
                    new ModelSourceException(
                            "%s refuses access to %s (%d): it does not exist, is private, or its terms must be accepted at %s/%s first; set HF_TOKEN to a token that may read it"
                                    .formatted(endpoint, what, e.status(), endpoint, repo),
                            e);
            case 404 -> new ModelSourceException(endpoint + " has no " + what + " (404)", e);
            default ->
                    new ModelSourceException(
                            "%s failed (%d) for %s; try again later"
                                    .formatted(endpoint, e.status(), what),
                            e);
        };
    }

    private static String segment(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }
}
