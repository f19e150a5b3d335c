package org.millrace.encoder;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.millrace.contract.weights.Safetensors;
import org.millrace.encoder.tensor.WeightLayout;

/** The names that other programs give to an encoder's tensors, and the tensors that they save with them. */
final class ForeignNames {
    /** First parts of the names of classifiers, projections and predictions. */
    private static final Set<String> HEADS = Set.of(
            "fc",
            "head",
            "heads",
            "classifier",
            "linear",
            "projector",
            "projection_head",
            "predictor",
            "prediction_head",
            "mask_token");
    /**
     * Parts of the prefix of the half that is not taken where another is there: momentum encoders of MoCo, MoCo v3, solo-learn and lightly,
     * and the student of DINO and DINOv2, whose authors evaluate the teacher.
     */
    private static final Pattern OTHER_HALF = Pattern.compile(
            "(^|\\.|_)(encoder_k|momentum_encoder|momentum_backbone|backbone_momentum|student|student_backbone)\\.");

    private static final String COUNTER = "num_batches_tracked";
    private static final int NAMED = 8;

    private ForeignNames() {}

    /**
     * The prefix of the encoder's names: none where all names are there without one; else, where a file has two halves, that of the half to
     * take if most names have it; else the one that most names have, the first of equal ones. So a tensor missing from MoCo's query encoder
     * is reported, instead of the key encoder being taken.
     */
    static String prefix(WeightLayout layout, Safetensors file) {
        Set<String> wanted = layout.names();
        Map<String, Integer> found = found(wanted, file);
        boolean halves = found.keySet().stream().anyMatch(ForeignNames::isOtherHalf);
        String best = "";
        for (String prefix : found.keySet()) {
            if (rank(prefix, found, wanted.size(), halves) > rank(best, found, wanted.size(), halves)) {
                best = prefix;
            }
        }
        return best;
    }

    /** Further prefixes, beside one that was found, behind which all names are there too, and none of which is an other half. */
    static List<String> othersAsWhole(WeightLayout layout, Safetensors file, String prefix) {
        Set<String> wanted = layout.names();
        return prefix.isEmpty() || isOtherHalf(prefix)
                ? List.of()
                : found(wanted, file).entrySet().stream()
                        .filter(entry -> entry.getValue() == wanted.size())
                        .map(Map.Entry::getKey)
                        .filter(other -> !other.equals(prefix) && !isOtherHalf(other))
                        .toList();
    }

    // how many of the layout's names follow each prefix
    private static Map<String, Integer> found(Set<String> wanted, Safetensors file) {
        Map<String, Integer> found = new LinkedHashMap<>();
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
        return found;
    }

    private static int rank(String prefix, Map<String, Integer> found, int wanted, boolean halves) {
        int names = found.getOrDefault(prefix, 0);
        boolean mostOfTheHalf = halves && !isOtherHalf(prefix) && 2 * names > wanted;
        return mostOfTheHalf && found.getOrDefault("", 0) < wanted ? wanted + names : names;
    }

    /** Whether a prefix is that of a momentum encoder, or of DINO's student. */
    static boolean isOtherHalf(String prefix) {
        return OTHER_HALF.matcher(prefix).find();
    }

    /** Whether a tensor is of a head or a counter, which a file may have beside the encoder. */
    static boolean mayStandBeside(String name) {
        String first = name.contains(".") ? name.substring(0, name.indexOf('.')) : name;
        return HEADS.contains(first) || name.endsWith("." + COUNTER);
    }

    /** Whether any part of a name is that of a head. */
    static boolean isHead(String name) {
        return Stream.of(name.split("\\.", -1)).anyMatch(part -> HEADS.contains(part) || part.endsWith("_head"));
    }

    /** Whose names a file has, in words. */
    static String source(Set<String> names, String prefix) {
        if (prefix.contains("encoder_q.") || prefix.contains("encoder_k.")) {
            return "MoCo, the " + (isOtherHalf(prefix) ? "key" : "query") + " encoder";
        } else if (prefix.contains("base_encoder.") || prefix.contains("momentum_encoder.")) {
            return "MoCo v3, the " + (isOtherHalf(prefix) ? "momentum" : "base") + " encoder";
        } else if (prefix.contains("teacher") || prefix.contains("student")) {
            return "DINO or DINOv2, the " + (prefix.contains("teacher") ? "teacher" : "student");
        } else if (prefix.contains("backbone")) {
            return "solo-learn or lightly, the " + (isOtherHalf(prefix) ? "momentum backbone" : "backbone");
        } else if (names.contains(prefix + "mask_token")) {
            return "DINOv2";
        }
        return "timm, torchvision or DINO, an encoder by itself";
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
        if (file.names().isEmpty()) {
            return List.of("nothing: it has no tensors");
        }
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
