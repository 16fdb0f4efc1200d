package dev.sluice.cli;

import dev.sluice.embed.Quantization;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

import java.util.Arrays;
import java.util.Map;

/// Reads the value of `--quantization`: a name, or FastDeploy's object that holds nothing but the
/// name, `{"quantization": "wint8"}`.
final class QuantizationName implements ITypeConverter<Quantization> {
    private static final String FLAG = "--quantization";

    /// Made by the command line.
    QuantizationName() {}

    @Override
    public Quantization convert(String value) {
        String name = value.strip().startsWith("{") ? named(value) : value.strip();
        return Arrays.stream(Quantization.values())
                .filter(known -> known.name().equalsIgnoreCase(name))
                .findFirst()
                .orElseThrow(() -> new TypeConversionException(value + " is no quantization"));
    }

    private static String named(String json) {
        Map<String, Object> fields = JsonFlag.object(FLAG, json);
        return fields.size() == 1 ? String.valueOf(fields.get("quantization")) : json;
    }
}
