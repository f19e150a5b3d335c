package org.millrace.evaluator.protocol;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import org.millrace.encoder.network.Head;
import org.millrace.encoder.optimiser.OptimiserRule;

/**
 * How a head is trained on the features of a frozen encoder.
 *
 * @param head made for a number of classes
 * @param milestones epochs after which the rate is multiplied by {@code decay}
 */
record FeatureRecipe(
        IntFunction<Head> head, OptimiserRule rule, int batchSize, int epochs, List<Integer> milestones, double decay) {
    /** The rate of an epoch, counted from 0. */
    double rate(double initial, int epoch) {
        double rate = initial;
        for (int milestone : milestones) {
            rate *= epoch >= milestone ? decay : 1;
        }
        return rate;
    }

    /** What is shown of it. */
    Map<String, Object> settings(double rate) {
        Map<String, Object> settings = new LinkedHashMap<>();
        settings.put("rate", rate);
        settings.put("epochs", epochs);
        settings.put("batch", batchSize);
        return settings;
    }
}
