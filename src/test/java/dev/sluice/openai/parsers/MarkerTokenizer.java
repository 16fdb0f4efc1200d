package dev.sluice.openai.parsers;

import dev.sluice.tokenizer.TokenIds;
import dev.sluice.tokenizer.Tokenizer;
import dev.sluice.tokenizer.Vocabulary;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/// Every char is a token, and so is each marker of a list; `|` is a special token as it stands
/// between turns.
record MarkerTokenizer(List<String> markers, boolean special) implements Tokenizer, Vocabulary {
    private static final int FIRST = 0x10000;

    static MarkerTokenizer ofChars() {
        return new MarkerTokenizer(List.of(), false);
    }

    @Override
    public TokenIds encode(String text, boolean addSpecial) {
        List<Integer> ids = new ArrayList<>();
        int i = 0;
        while (i < text.length()) {
            int at = i;
            String marker =
                    text.charAt(at) != '<'
                            ? ""
                            : markers.stream()
                                    .filter(m -> text.startsWith(m, at))
                                    .findFirst()
                                    .orElse("");
            ids.add(marker.isEmpty() ? text.charAt(i) : FIRST + markers.indexOf(marker));
            i += Math.max(1, marker.length());
        }
        return TokenIds.of(ids.stream().mapToInt(Integer::intValue).toArray());
    }

    @Override
    public Vocabulary vocabulary() {
        return this;
    }

    @Override
    public String decode(TokenIds ids, boolean skipSpecial) {
        StringBuilder text = new StringBuilder();
        for (int id : ids.toArray()) {
            text.append(isMarker(id) ? markers.get(id - FIRST) : String.valueOf((char) id));
        }
        return text.toString();
    }

    boolean isMarker(int id) {
        return id >= FIRST;
    }

    @Override
    public int size() {
        return FIRST + markers.size();
    }

    @Override
    public byte[] bytes(int id) {
        return decode(TokenIds.of(id), false).getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public boolean isSpecial(int id) {
        return id == '|' || (special && isMarker(id));
    }

    @Override
    public OptionalInt id(String token) {
        int index = markers.indexOf(token);
        return index < 0 ? OptionalInt.empty() : OptionalInt.of(FIRST + index);
    }

    @Override
    public OptionalInt bosId() {
        return OptionalInt.empty();
    }

    @Override
    public Set<Integer> eosIds() {
        return Set.of();
    }
}
