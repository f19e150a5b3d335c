package org.millrace.evaluator.drift.detector;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * A {@link Calibration} as fields of a JSON object: {@code images}, {@code threshold}, and of each detector a tail under its name and its
 * prepared number under the name and {@code Total}. The first detectors keep the names of earlier versions' stores.
 */
public final class StoredCalibration {
    private static final String IMAGES = "images";
    private static final String THRESHOLD = "threshold";
    private static final String TOTAL = "Total";
    private static final Map<String, String> FORMER_NAMES =
            Map.of("mmd", "discrepancy", "mmd" + TOTAL, "kernelTotal", "components", "component");

    private StoredCalibration() {}

    /** The fields, each a number or a map of numbers. */
    public static Map<String, Object> fields(Calibration calibration) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put(IMAGES, calibration.images());
        calibration.drawn().forEach((name, drawn) -> {
            Tail tail = drawn.tail();
            Map<String, Double> numbers = new LinkedHashMap<>();
            numbers.put("mean", tail.mean());
            numbers.put("deviation", tail.deviation());
            numbers.put("skewness", tail.skewness());
            numbers.put("high", tail.high());
            numbers.put("excess", tail.excess());
            fields.put(stored(name), numbers);
        });
        fields.put(THRESHOLD, calibration.threshold());
        calibration
                .drawn()
                .forEach((name, drawn) ->
                        drawn.prepared().ifPresent(number -> fields.put(stored(name + TOTAL), number)));
        return fields;
    }

    /**
     * The calibration of such fields.
     *
     * @throws IllegalArgumentException where a number is missing
     */
    public static Calibration of(Map<?, ?> fields) {
        Map<String, Calibration.Drawn> drawn = new LinkedHashMap<>();
        fields.forEach((key, value) -> {
            if (value instanceof Map<?, ?> tail) {
                String name = named(String.valueOf(key));
                var prepared = fields.get(stored(name + TOTAL)) instanceof Number total
                        ? OptionalDouble.of(total.doubleValue())
                        : OptionalDouble.empty();
                drawn.put(
                        name,
                        new Calibration.Drawn(
                                new Tail(
                                        number(tail, "mean"),
                                        number(tail, "deviation"),
                                        number(tail, "skewness"),
                                        number(tail, "high"),
                                        number(tail, "excess")),
                                prepared));
            }
        });
        return new Calibration((int) number(fields, IMAGES), drawn, number(fields, THRESHOLD));
    }

    private static String named(String stored) {
        return FORMER_NAMES.entrySet().stream()
                .filter(former -> former.getValue().equals(stored))
                .map(Map.Entry::getKey)
                .findFirst()
                .orElse(stored);
    }

    private static String stored(String name) {
        return FORMER_NAMES.getOrDefault(name, name);
    }

    private static double number(Map<?, ?> fields, String name) {
        if (fields.get(name) instanceof Number number) {
            return number.doubleValue();
        }
        throw new IllegalArgumentException("the calibration has no number " + name);
    }
}
