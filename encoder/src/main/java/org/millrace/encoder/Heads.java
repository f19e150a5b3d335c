package org.millrace.encoder;

import java.util.Map;
import java.util.Optional;
import org.millrace.contract.config.Architecture;
import org.millrace.contract.config.EncoderConfig;
import org.millrace.contract.config.TransformerSettings;

/** The heads of a transformer's attention, which no tensor's shape shows: with a wrong number its features are wrong without a word. */
final class Heads {
    private static final String MOCO_V3_ENCODER = "base_encoder.";
    private static final String MOCO_V3_MOMENTUM = "momentum_encoder.";
    private static final int OF_MOCO_V3 = 12; // in vit_small too, where others have 6

    private Heads() {}

    /** Heads that a file's origin says: its metadata, if it is ours, or MoCo v3's names. */
    static Optional<Integer> said(Architecture architecture, Map<String, String> metadata, String prefix) {
        if (!architecture.isTransformer()) {
            return Optional.empty();
        }
        String text = metadata.getOrDefault("millrace.encoder.heads", "");
        if (text.matches("\\d{1,4}")) {
            int heads = Integer.parseInt(text);
            return Optional.of(heads > 0 ? heads : own(architecture));
        }
        boolean mocoV3 = prefix.endsWith(MOCO_V3_ENCODER) || prefix.endsWith(MOCO_V3_MOMENTUM);
        return mocoV3 ? Optional.of(OF_MOCO_V3) : Optional.empty();
    }

    /** The architecture's own number. */
    static int own(Architecture architecture) {
        return architecture.width() / TransformerSettings.HEAD_CHANNELS;
    }

    /** Why the configured network is not the file's, with what to set; empty where nothing speaks against it. */
    static Optional<String> problem(EncoderConfig config, Map<String, String> metadata, String prefix) {
        return said(config.architecture(), metadata, prefix)
                .filter(heads -> heads != config.attentionHeads())
                .map(heads -> "whose transformer has " + heads + " heads of attention, but the configured one "
                        + config.attentionHeads() + ": set encoder.heads=" + heads + ".");
    }
}
