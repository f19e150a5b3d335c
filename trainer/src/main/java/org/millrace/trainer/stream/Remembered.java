package org.millrace.trainer.stream;

import org.millrace.contract.config.ReplayConfig;

/** What a replay buffer remembers of an image each time that it is trained on. */
enum Remembered {
    NOTHING,
    FEATURE,
    LOSS;

    static Remembered of(ReplayConfig config) {
        return switch (config.policy()) {
            case NONE, FIFO, RESERVOIR -> NOTHING;
            case MIN_RED -> FEATURE;
            case TWO_TIER ->
                switch (config.longTerm()) {
                    case RESERVOIR -> NOTHING;
                    case MIN_RED -> FEATURE;
                    case HIGH_LOSS -> LOSS;
                };
        };
    }

    /** What is known of an image after it was trained on again; before, now: of the same length. */
    float[] mixed(float[] before, float[] now, double rate) {
        return this == LOSS ? HighLoss.mixed(before, now, rate) : Features.mixed(before, now, rate);
    }
}
