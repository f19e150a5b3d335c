package org.millrace.contract.config;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** The known word that a mistyped one most likely meant. A word unlike all known ones has none. */
public final class Nearest {
    private Nearest() {}

    /** The nearest of the known words if at most a third of its characters differ; one without a dot may lack its group. */
    public static Optional<String> of(String typed, List<String> known) {
        return known.stream()
                .map(word -> Candidate.of(typed, word))
                .filter(Candidate::isLike)
                .min(Comparator.comparingInt(Candidate::distance))
                .map(Candidate::word);
    }

    /** {@code ; did you mean WORD?}, or nothing. */
    static String question(String typed, List<String> known) {
        return of(typed, known).map(word -> "; did you mean " + word + "?").orElse("");
    }

    /** @param length of the longer of the compared words */
    private record Candidate(String word, int distance, int length) {
        static Candidate of(String typed, String word) {
            String group = word.substring(0, word.lastIndexOf('.') + 1);
            boolean same = typed.startsWith(group);
            String left = same ? typed.substring(group.length()) : typed;
            String right = same || typed.indexOf('.') < 0 ? word.substring(group.length()) : word;
            return new Candidate(word, Nearest.distance(left, right), Math.max(left.length(), right.length()));
        }

        boolean isLike() {
            return distance <= (length + 1) / 3;
        }
    }

    /** Insertions, deletions, substitutions and exchanges of neighbours that turn one word into the other. */
    static int distance(String from, String to) {
        int[][] cost = new int[from.length() + 1][to.length() + 1];
        for (int i = 0; i <= from.length(); i++) {
            for (int j = 0; j <= to.length(); j++) {
                if (i == 0 || j == 0) {
                    cost[i][j] = i + j;
                    continue;
                }
                int substitution = cost[i - 1][j - 1] + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
                int least = Math.min(substitution, Math.min(cost[i - 1][j], cost[i][j - 1]) + 1);
                boolean exchanged = i > 1
                        && j > 1
                        && from.charAt(i - 1) == to.charAt(j - 2)
                        && from.charAt(i - 2) == to.charAt(j - 1);
                cost[i][j] = exchanged ? Math.min(least, cost[i - 2][j - 2] + 1) : least;
            }
        }
        return cost[from.length()][to.length()];
    }
}
