package org.millrace.encoder;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.millrace.encoder.tensor.Safetensors;
import org.millrace.encoder.tensor.WeightLayout;

/** The names that other programs give to an encoder's tensors, and the tensors that they save with them. */
final class ForeignNames {
    /** First parts of the names of classifiers, projections and predictions. */
    private static final Set<String> HEADS = Set.of(
            "fc", "head", "classifier", "linear", "projector", "projection_head", "predictor", "prediction_head");
    /** The query encoder of MoCo's own code, which saves the key encoder beside it. */
    private static final String QUERY = "encoder_q.";

    private static final String COUNTER = "num_batches_tracked";
    private static final int NAMED = 8;

    private ForeignNames() {}

    /**
     * The prefix of the encoder's names: none where all names are there without one; else that of MoCo's query encoder where most names
     * have it; else the one that most names have, the first of equal ones. So a tensor missing from the query encoder is reported, instead
     * of the key encoder being taken.
     */
    static String prefix(WeightLayout layout, Safetensors file) {
        Set<String> wanted = layout.names();
        Map<String, Integer> found = new LinkedHashMap<>(); // how many of the layout's names follow each prefix
        found.put("", 0);
        for (String name : file.names()) {
            int start = 0;
            do {
                if (wanted.contains(name.substring(start))) {
                    found.merge(name.substring(0, start), 1, Integer::sum);
                }
                start = name.indexOf('.', start) + 1;
            } while (start > 0);
        }
        String best = "";
        for (String prefix : found.keySet()) {
            if (rank(prefix, found, wanted.size()) > rank(best, found, wanted.size())) {
                best = prefix;
            }
        }
        return best;
    }

    private static int rank(String prefix, Map<String, Integer> found, int wanted) {
        int names = found.getOrDefault(prefix, 0);
        boolean mostOfTheQuery = prefix.endsWith(QUERY) && 2 * names > wanted;
        return mostOfTheQuery && found.getOrDefault("", 0) < wanted ? wanted + names : names;
    }

    /** Whether a tensor is of a head or a counter, which a file may have beside the encoder. */
    static boolean mayStandBeside(String name) {
        String first = name.contains(".") ? name.substring(0, name.indexOf('.')) : name;
        return HEADS.contains(first) || name.endsWith("." + COUNTER);
    }

    /** The tensors of the file that the encoder does not use, in a few words, without counters; empty where it uses all. */
    static Optional<String> leftOut(WeightLayout layout, Safetensors file, String prefix) {
        Set<String> taken = layout.names();
        List<String> left = file.names().stream()
                .filter(name -> !name.endsWith("." + COUNTER))
                .filter(name -> !name.startsWith(prefix) || !taken.contains(name.substring(prefix.length())))
                .toList();
        return left.isEmpty() ? Optional.empty() : Optional.of(words(left));
    }

    /** A few distinct first parts of the names in the file. */
    static Collection<String> beginnings(Safetensors file) {
        Set<String> all = new TreeSet<>();
        file.names().forEach(name -> all.add(name.contains(".") ? name.substring(0, name.indexOf('.') + 1) : name));
        Set<String> some = new LinkedHashSet<>(all.stream().limit(NAMED).toList());
        if (some.size() < all.size()) {
            some.add("…");
        }
        return some;
    }

    private static String words(List<String> names) {
        return String.join(", ", names.stream().limit(NAMED).toList())
                + (names.size() > NAMED ? " and " + (names.size() - NAMED) + " more" : "");
    }
}
