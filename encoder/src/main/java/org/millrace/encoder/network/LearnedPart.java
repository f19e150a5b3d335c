package org.millrace.encoder.network;

import java.util.List;
import java.util.function.Predicate;
import org.millrace.contract.config.EncoderConfig;
import org.millrace.encoder.tensor.WeightLayout;

/**
 * Which of an encoder's parameters learn, {@code encoder.train}: with {@code last-blocks} those of its last blocks and what lies behind them;
 * with {@code lora} also all norms, and adapters in the blocks before.
 */
public final class LearnedPart {
    private final EncoderConfig config;
    private final String prefix;
    private final List<String> whole; // beginnings of the names of what learns whole
    private final List<String> adapted; // blocks

    private LearnedPart(EncoderConfig config, String prefix) {
        this.config = config;
        this.prefix = prefix;
        List<String> blocks = Backbone.of(config).blockNames();
        int first = blocks.size() - config.trainedBlocks();
        this.adapted = blocks.subList(0, first);
        this.whole = blocks.subList(first, blocks.size());
    }

    /** Freezes the parameters of a declared encoder that do not learn, and declares its adapters. */
    public static void choose(EncoderConfig config, WeightLayout layout, String prefix) {
        switch (config.train()) {
            case ALL -> {}
            case LAST_BLOCKS -> {
                var part = new LearnedPart(config, prefix);
                layout.freeze(part.ofEncoder(name -> !part.learnsWhole(name)));
            }
            case LORA -> {
                var part = new LearnedPart(config, prefix);
                layout.freeze(part.ofEncoder(name -> !part.learnsWhole(name) && !isNorm(name)));
                layout.adapt(part.ofEncoder(part::isAdapted), config.loraRank(), (float)
                        (config.loraAlpha() / config.loraRank()));
            }
        }
    }

    private Predicate<String> ofEncoder(Predicate<String> names) {
        return name -> name.startsWith(prefix) && names.test(name.substring(prefix.length()));
    }

    private boolean learnsWhole(String name) {
        return name.startsWith(VisionTransformer.NORM + ".") || whole.stream().anyMatch(name::startsWith);
    }

    private static boolean isNorm(String name) {
        return name.contains(".norm");
    }

    private boolean isAdapted(String layer) {
        return adapted.stream().anyMatch(layer::startsWith)
                && config.adaptedLayers().contains(layer.substring(layer.lastIndexOf('.') + 1));
    }
}
