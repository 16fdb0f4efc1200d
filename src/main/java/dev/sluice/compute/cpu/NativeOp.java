package dev.sluice.compute.cpu;

import java.util.ArrayList;
import java.util.List;

/// The kernels of the native library, each with the fields of its argument struct in order, as
/// `native/cpu/sluice_cpu.h` declares them. Every field is 8 bytes wide.
enum NativeOp {
    PACK(
            "sl_pack",
            "matrix dst",
            "pointer src",
            "integer src_type",
            "integer rows",
            "integer row_stride",
            "integer transposed",
            "pointer row_order",
            "integer dst_row",
            "integer first_col",
            "pointer row_scales"),
    EMBEDDING(
            "sl_embedding",
            "matrix table",
            "pointer ids",
            "real scale",
            "pointer out",
            "integer out_stride"),
    PREPARE(
            "sl_prepare",
            "pointer x",
            "integer x_stride",
            "integer cols",
            "integer kind",
            "pointer out",
            "integer out_stride"),
    LINEAR(
            "sl_linear",
            "matrix w",
            "pointer x",
            "integer x_stride",
            "pointer prepared",
            "integer prepared_stride",
            "integer n",
            "pointer out",
            "integer out_stride",
            "integer streams",
            "integer parts",
            "pointer ahead_kv",
            "pointer ahead_offsets",
            "integer ahead_pieces",
            "integer ahead_apart"),
    RMS_NORM(
            "sl_rms_norm",
            "pointer x",
            "integer x_stride",
            "pointer weight",
            "integer group",
            "integer cols",
            "real eps",
            "pointer out",
            "integer out_stride"),
    ADD_RMS_NORM(
            "sl_add_rms_norm",
            "pointer residual",
            "integer residual_stride",
            "pointer x",
            "integer x_stride",
            "pointer weight",
            "integer group",
            "integer cols",
            "real eps",
            "pointer out",
            "integer out_stride"),
    ADD("sl_add", "pointer x", "integer x_stride", "pointer y", "integer y_stride", "integer cols"),
    GATED_ACTIVATION(
            "sl_gated_activation",
            "pointer gate_up",
            "integer gate_up_stride",
            "integer cols",
            "integer activation",
            "pointer out",
            "integer out_stride"),
    GATHER_ROWS(
            "sl_gather_rows",
            "pointer x",
            "integer x_stride",
            "pointer rows",
            "integer cols",
            "pointer out",
            "integer out_stride"),
    ARGMAX("sl_argmax", "pointer x", "integer x_stride", "integer cols", "pointer ids"),
    SAMPLE(
            "sl_sample",
            "pointer logits",
            "integer logits_stride",
            "integer n",
            "pointer input",
            "integer pool_at",
            "pointer results"),
    ROTARY_TABLE(
            "sl_rotary_table",
            "pointer positions",
            "pointer frequencies",
            "integer half",
            "real factor",
            "pointer out",
            "integer out_stride"),
    ROTARY_STORE(
            "sl_rotary_store",
            "pointer q",
            "integer q_stride",
            "pointer k",
            "integer k_stride",
            "pointer v",
            "integer v_stride",
            "pointer rotary",
            "integer rotary_stride",
            "integer num_heads",
            "integer num_kv_heads",
            "integer head_dim",
            "integer rotary_dim",
            "integer interleaved",
            "pointer positions",
            "pointer sequences",
            "pointer block_tables",
            "integer max_blocks",
            "integer block_size",
            "pointer kv",
            "integer kv_type"),
    ATTENTION(
            "sl_attention",
            "pointer q",
            "integer q_stride",
            "pointer kv",
            "integer kv_type",
            "integer block_size",
            "integer num_heads",
            "integer num_kv_heads",
            "integer head_dim",
            "real scale",
            "integer window",
            "pointer seq_starts",
            "pointer context_lengths",
            "pointer block_tables",
            "integer max_blocks",
            "pointer tiles",
            "integer heads_per_unit",
            "pointer out",
            "integer out_stride",
            "pointer partials",
            "integer partial_stride"),
    MERGE_ATTENTION(
            "sl_merge_attention",
            "pointer partials",
            "integer partial_stride",
            "pointer rows",
            "integer num_heads",
            "integer head_dim",
            "pointer out",
            "integer out_stride");

    /// What a field holds.
    enum Kind {
        POINTER,
        INTEGER,
        REAL
    }

    /// One field of 8 bytes.
    record Field(Kind kind, String name) {
        private static Field of(String kind, String name) {
            return new Field(
                    switch (kind) {
                        case "pointer" -> Kind.POINTER;
                        case "integer" -> Kind.INTEGER;
                        case "real" -> Kind.REAL;
                        default -> throw new IllegalArgumentException(kind);
                    },
                    name);
        }
    }

    private final String symbol;

    // A copy that nobody can modify; the checker knows only the type.
    @SuppressWarnings("ImmutableEnumChecker")
    private final List<Field> fields;

    NativeOp(String symbol, String... declarations) {
        this.symbol = symbol;
        List<Field> all = new ArrayList<>();
        for (String declaration : declarations) {
            addFields(declaration, "", all);
        }
        this.fields = List.copyOf(all);
    }

    private static void addFields(String declaration, String prefix, List<Field> into) {
        int space = declaration.indexOf(' ');
        String kind = declaration.substring(0, space);
        String name = prefix + declaration.substring(space + 1);
        if (kind.equals("matrix")) {
            matrix().forEach(field -> addFields(field, name + ".", into));
        } else {
            into.add(Field.of(kind, name));
        }
    }

    /// The fields of a packed matrix, which lie inside the struct that holds it.
    private static List<String> matrix() {
        return List.of(
                "pointer panels",
                "integer format",
                "integer rows",
                "integer cols",
                "integer panel_bytes",
                "integer group",
                "integer scale_bits",
                "integer has_min");
    }

    /// Name of the function.
    String symbol() {
        return symbol;
    }

    /// Fields of the argument struct, field `i` at offset `8 i`.
    List<Field> fields() {
        return fields;
    }
}
