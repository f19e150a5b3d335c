package org.millrace.contract.config;

import java.util.Comparator;
import java.util.List;

/** The known word that a mistyped one most likely meant. */
public final class Nearest {
    private Nearest() {}

    /** @param known at least one */
    public static String of(String typed, List<String> known) {
        return known.stream()
                .min(Comparator.comparingInt(word -> distance(typed, word)))
                .orElseThrow(() -> new IllegalArgumentException("no known words"));
    }

    /** Levenshtein's distance: insertions, deletions and substitutions that turn one word into the other. */
    static int distance(String from, String to) {
        int[] row = new int[to.length() + 1];
        for (int j = 0; j <= to.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= from.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= to.length(); j++) {
                int substitution = diagonal + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(substitution, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[to.length()];
    }
}
