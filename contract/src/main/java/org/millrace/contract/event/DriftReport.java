package org.millrace.contract.event;

import static org.millrace.contract.Check.check;

import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * A window of incoming images against the reference, both seen through the same frozen encoder: a difference is one of the images, not
 * of the model.
 *
 * @param source the images' header {@code source}; absent for all images together
 * @param encoderVersion of the frozen encoder
 * @param fromMillis Unix time of the window's beginning, by the images' records
 * @param toMillis of its end, exclusive
 * @param images that fell into the window
 * @param referenceImages in the reference so far
 * @param detectors none where the verdict needs none
 * @param stability population stability index, mean over the features' components, less what sampling gives: how far they have moved
 *     whatever the number of images, by custom .1 a little, .25 much; absent where there are no detectors
 * @param attribution of the change to images and encoder; absent where there is no change to speak of, or too few images under the
 *     present encoder
 * @param reason why the window, or the reference, is unusable; absent for any other verdict, and in records of older writers
 */
public record DriftReport(
        int schema,
        String run,
        Optional<String> source,
        long encoderVersion,
        long fromMillis,
        long toMillis,
        long images,
        int referenceImages,
        Verdict verdict,
        List<Detection> detectors,
        OptionalDouble stability,
        Optional<Attribution> attribution,
        Optional<String> reason)
        implements DriftEvent {
    public DriftReport {
        check(encoderVersion >= 0, "encoderVersion must not be negative, but was %d", encoderVersion);
        check(fromMillis <= toMillis, "a window must not end before it begins: %d to %d", fromMillis, toMillis);
        check(
                images >= 0 && referenceImages >= 0,
                "images and referenceImages must not be negative: %d, %d",
                images,
                referenceImages);
        detectors = List.copyOf(detectors);
    }

    /** What the window means. */
    public enum Verdict {
        /** Too few images for an answer. */
        NOT_ENOUGH,
        /** The window can be no part of the reference, or the reference was none to compare with. */
        UNUSABLE,
        /** The window became part of the reference. */
        REFERENCE,
        /** No detector is above its threshold. */
        STABLE,
        /** At least one is. */
        DRIFT
    }

    /**
     * One detector's answer.
     *
     * @param score in the detector's own unit
     * @param pValue chance of such a score without drift; absent for the sequential one
     * @param threshold of the p-value, under which it alarms, or of the sequential detector's sum, above which it does
     */
    public record Detection(String name, double score, OptionalDouble pValue, double threshold, boolean alarm) {
        public Detection {
            check(pValue.orElse(0) >= 0 && pValue.orElse(0) <= 1, "pValue must be in [0, 1], but was %s", pValue);
        }
    }
}
