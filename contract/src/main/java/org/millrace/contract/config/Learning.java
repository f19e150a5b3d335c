package org.millrace.contract.config;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.millrace.contract.Check;

/** What learns of an encoder, {@code encoder.train}. */
public enum Learning {
    /** All parameters. */
    ALL,
    /** The last blocks, whole; what lies before them stays as it begins. */
    LAST_BLOCKS,
    /**
     * The last blocks whole, the norms of all blocks, and a product of two narrow matrices beside each adapted layer of the others (Hu et al.
     * 2022, arXiv:2106.09685; with blocks that learn whole, Khanna et al. 2024, arXiv:2406.10973).
     */
    LORA;

    private static final List<String> TARGETS = List.of("qkv", "proj", "fc1", "fc2");

    static void check(Architecture architecture, Learning train, int blocks, int rank, double alpha, String targets) {
        if (train == ALL) {
            return;
        }
        Check.check(
                architecture.blocks() > 0,
                "encoder.train must be all for %s, whose loss is of its own maps, but was %s",
                architecture.key(),
                train.key());
        int fewest = train == LORA ? 0 : 1;
        int most = train == LORA ? architecture.blocks() - 1 : architecture.blocks(); // one is left to adapt
        Check.check(
                blocks >= fewest && blocks <= most,
                "encoder.trained-blocks must be in [%d, %d] for encoder.train=%s with %s, but was %d",
                fewest,
                most,
                train.key(),
                architecture.key(),
                blocks);
        if (train == LORA) {
            Check.check(
                    architecture.isTransformer(),
                    "encoder.train=lora adapts the blocks of vision transformers, but encoder.architecture was %s: set"
                            + " encoder.train=last-blocks or all",
                    architecture.key());
            Check.check(
                    rank >= 1 && rank <= architecture.width(),
                    "encoder.lora-rank must be in [1, %d], the width of %s, but was %d",
                    architecture.width(),
                    architecture.key(),
                    rank);
            Check.check(alpha > 0, "encoder.lora-alpha must be positive, but was %s", alpha);
            Check.check(
                    TARGETS.containsAll(names(targets))
                            && Set.copyOf(names(targets)).size()
                                    == names(targets).size(),
                    "encoder.lora-targets must be of %s, each once, with commas between them, but was '%s'",
                    String.join(", ", TARGETS),
                    targets);
        }
    }

    /** The layers that {@code encoder.lora-targets} names. */
    static List<String> names(String targets) {
        return Arrays.stream(targets.split(",", -1)).map(String::trim).toList();
    }

    /** As the configuration has it. */
    public String key() {
        return RecordBinder.text(this);
    }
}
