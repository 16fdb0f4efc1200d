package dev.sluice.grammar;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The keys that were read in an object: a balanced tree that shares what it can with the tree that
/// it was made of. Immutable.
///
/// Trees that grew in another order may hold the same keys and not be equal.
///
/// @see "Adelson-Velsky and Landis 1962, An algorithm for the organization of information"
final class KeySet implements Memory {
    static final KeySet EMPTY = new KeySet(-1);

    /// Keys of which nothing is known.
    static final KeySet UNKNOWN = new KeySet(0);

    private static final int BYTES_PER_NODE = 48;

    private final String key;
    private final KeySet left;
    private final KeySet right;
    private final int height;
    private final int size;
    private final int longest;
    private final int hash;

    private KeySet(int longest) {
        this.key = "";
        this.left = this;
        this.right = this;
        this.height = 0;
        this.size = 0;
        this.longest = longest;
        this.hash = 0;
    }

    private KeySet(KeySet left, String key, KeySet right) {
        this.key = key;
        this.left = left;
        this.right = right;
        this.height = 1 + Math.max(left.height, right.height);
        this.size = 1 + left.size + right.size;
        this.longest = Math.max(key.length(), Math.max(left.longest, right.longest));
        this.hash = left.hash + right.hash + 0x9E3779B1 * (key.hashCode() + 1);
    }

    /// Whether these are keys, and not [#UNKNOWN].
    boolean isKnown() {
        return height > 0 || longest < 0;
    }

    /// The same keys and another one.
    KeySet with(String added) {
        if (height == 0) {
            return new KeySet(EMPTY, added, EMPTY);
        }
        int order = added.compareTo(key);
        if (order == 0) {
            return this;
        }
        return order < 0
                ? balanced(left.with(added), key, right)
                : balanced(left, key, right.with(added));
    }

    private static KeySet balanced(KeySet left, String key, KeySet right) {
        if (left.height > right.height + 1) {
            if (left.left.height >= left.right.height) {
                return new KeySet(left.left, left.key, new KeySet(left.right, key, right));
            }
            KeySet middle = left.right;
            return new KeySet(
                    new KeySet(left.left, left.key, middle.left),
                    middle.key,
                    new KeySet(middle.right, key, right));
        }
        if (right.height > left.height + 1) {
            if (right.right.height >= right.left.height) {
                return new KeySet(new KeySet(left, key, right.left), right.key, right.right);
            }
            KeySet middle = right.left;
            return new KeySet(
                    new KeySet(left, key, middle.left),
                    middle.key,
                    new KeySet(middle.right, right.key, right.right));
        }
        return new KeySet(left, key, right);
    }

    boolean contains(String text) {
        KeySet at = this;
        while (at.height > 0) {
            int order = text.compareTo(at.key);
            if (order == 0) {
                return true;
            }
            at = order < 0 ? at.left : at.right;
        }
        return false;
    }

    /// Whether some key begins with a text.
    boolean hasPrefix(String text) {
        return atLeast(text).filter(key -> key.startsWith(text)).isPresent();
    }

    /// The first key, as Java orders them, that does not come before a text.
    private Optional<String> atLeast(String text) {
        Optional<String> least = Optional.empty();
        KeySet at = this;
        while (at.height > 0) {
            if (text.compareTo(at.key) <= 0) {
                least = Optional.of(at.key);
                at = at.left;
            } else {
                at = at.right;
            }
        }
        return least;
    }

    /// The characters that stand behind a text in keys that begin with it.
    List<Integer> behind(String text) {
        List<Integer> characters = new ArrayList<>();
        Optional<String> next = atLeast(text + Character.MIN_VALUE);
        while (next.isPresent() && next.get().startsWith(text)) {
            int character = next.get().codePointAt(text.length());
            characters.add(character);
            // Past all keys that go on with that character.
            String longer = text + Character.toString(character);
            char last = longer.charAt(longer.length() - 1);
            if (last == Character.MAX_VALUE) {
                break;
            }
            next = atLeast(longer.substring(0, longer.length() - 1) + (char) (last + 1));
        }
        return characters;
    }

    int size() {
        return size;
    }

    /// How many keys begin with a text.
    int size(String prefix) {
        int last = prefix.length() - 1;
        while (last >= 0 && prefix.charAt(last) == Character.MAX_VALUE) {
            last--;
        }
        int behind =
                last < 0
                        ? size
                        : before(prefix.substring(0, last) + (char) (prefix.charAt(last) + 1));
        return behind - before(prefix);
    }

    /// How many keys come before a text.
    private int before(String text) {
        int count = 0;
        KeySet at = this;
        while (at.height > 0) {
            if (text.compareTo(at.key) <= 0) {
                at = at.left;
            } else {
                count += at.left.size + 1;
                at = at.right;
            }
        }
        return count;
    }

    /// Characters, as Java counts them, of the longest key; -1 if there is none.
    int longest() {
        return longest;
    }

    @Override
    public int bytes() {
        return BYTES_PER_NODE * (1 + height);
    }

    @Override
    public boolean equals(Object other) {
        return this == other
                || (other instanceof KeySet set
                        && hash == set.hash
                        && height == set.height
                        && isKnown() == set.isKnown()
                        && (height == 0
                                || (key.equals(set.key)
                                        && left.equals(set.left)
                                        && right.equals(set.right))));
    }

    @Override
    public int hashCode() {
        return hash;
    }
}
