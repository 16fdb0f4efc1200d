package dev.sluice.openai;

import dev.sluice.engine.ApiException.InvalidRequest;
import dev.sluice.tokenizer.TokenIds;
import dev.sluice.tokenizer.Vocabulary;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Lists of token ids as JSON has them.
final class TokenLists {
    private TokenLists() {}

    /// Whether all items are numbers; also true of an empty list.
    static boolean isNumbers(List<?> items) {
        return items.stream().allMatch(Number.class::isInstance);
    }

    /// Whether all items are lists; also true of an empty list.
    static boolean isLists(List<?> items) {
        return items.stream().allMatch(List.class::isInstance);
    }

    /// @param field name for the answer
    /// @throws InvalidRequest if an item is no token id
    static TokenIds ids(String field, List<?> items) {
        int[] ids = new int[items.size()];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = id(field + "[" + i + "]", field, items.get(i));
        }
        return TokenIds.of(ids);
    }

    /// A list of ids, or of lists of one id each.
    ///
    /// @throws InvalidRequest if it is neither
    static List<Integer> idsOrSingletons(String field, List<?> items) {
        List<Integer> ids = new ArrayList<>(items.size());
        for (int i = 0; i < items.size(); i++) {
            Object item = items.get(i);
            Object id = item instanceof List<?> list && list.size() == 1 ? list.getFirst() : item;
            ids.add(id(field + "[" + i + "]", field, id));
        }
        return ids;
    }

    /// @throws InvalidRequest if an id is none of the vocabulary's
    static void check(String field, TokenIds ids, Vocabulary vocabulary) {
        for (int i = 0; i < ids.size(); i++) {
            checkId(field, ids.get(i), vocabulary);
        }
    }

    /// @throws InvalidRequest if the id is none of the vocabulary's
    static void checkId(String field, long id, Vocabulary vocabulary) {
        if (id < 0 || id >= vocabulary.size()) {
            throw Invalid.field(
                    field,
                    "Token id %d is outside the vocabulary of %d."
                            .formatted(id, vocabulary.size()));
        }
    }

    /// One list after the other.
    static TokenIds join(TokenIds first, TokenIds second) {
        int[] ids = new int[first.size() + second.size()];
        System.arraycopy(first.toArray(), 0, ids, 0, first.size());
        System.arraycopy(second.toArray(), 0, ids, first.size(), second.size());
        return TokenIds.of(ids);
    }

    /// The last ids of a list.
    static TokenIds last(TokenIds ids, int count) {
        int[] all = ids.toArray();
        return TokenIds.of(Arrays.copyOfRange(all, all.length - count, all.length));
    }

    private static int id(String place, String field, Object item) {
        if (!(item instanceof Number number) || !isWhole(number)) {
            throw Invalid.field(field, place + ": Input should be a valid integer");
        }
        long id = Fields.toLong(number);
        if (id < 0 || id > Integer.MAX_VALUE) {
            throw Invalid.field(field, place + ": " + number + " is no token id");
        }
        return (int) id;
    }

    private static boolean isWhole(Number number) {
        return number instanceof Integer
                || number instanceof Long
                || number instanceof BigInteger
                || number.doubleValue() == Math.rint(number.doubleValue());
    }
}
