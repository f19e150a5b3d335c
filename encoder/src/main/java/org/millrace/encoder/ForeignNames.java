package org.millrace.encoder;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.millrace.encoder.tensor.Safetensors;
import org.millrace.encoder.tensor.WeightLayout;

/** What other programs put before and beside an encoder's tensors in a file. */
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
     * What stands before the layout's names: nothing where they stand alone, the prefix under which the whole layout lies in the file, of
     * several the query's; where no prefix or more than one fits, the first under which there is anything.
     */
    static String prefix(WeightLayout layout, Safetensors file) {
        List<String> candidates = new ArrayList<>();
        String first = layout.names().iterator().next();
        for (String name : file.names()) {
            if (name.equals(first)) {
                return "";
            } else if (name.endsWith("." + first)) {
                candidates.add(name.substring(0, name.length() - first.length()));
            }
        }
        List<String> fitting = candidates.stream()
                .filter(prefix -> layout.misfits(file.part(prefix), ForeignNames::mayStandBeside)
                        .isEmpty())
                .toList();
        return fitting.stream()
                .filter(prefix -> prefix.endsWith(QUERY))
                .findFirst()
                .or(() -> fitting.stream().findFirst())
                .or(() -> candidates.stream().findFirst())
                .orElse("");
    }

    /** Whether a tensor that the encoder does not have is of a head or a counter, which may stand in the file. */
    static boolean mayStandBeside(String name) {
        String first = name.contains(".") ? name.substring(0, name.indexOf('.')) : name;
        return HEADS.contains(first) || name.endsWith("." + COUNTER);
    }

    /** The tensors that an encoder does not take from the file, in a few words, counters aside; empty where it takes all. */
    static Optional<String> leftOut(WeightLayout layout, Safetensors file, String prefix) {
        Set<String> taken = layout.names();
        List<String> left = file.names().stream()
                .filter(name -> !name.endsWith("." + COUNTER))
                .filter(name -> !name.startsWith(prefix) || !taken.contains(name.substring(prefix.length())))
                .toList();
        return left.isEmpty() ? Optional.empty() : Optional.of(words(left));
    }

    /** The first parts of the names in the file, a few of them. */
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
