package org.millrace.contract.event;

import java.util.List;
import java.util.OptionalDouble;

/**
 * A window of incoming images against the reference, both seen through the same frozen encoder: a difference is one of the images, not
 * of the model.
 *
 * @param encoderVersion of the frozen encoder
 * @param fromMillis Unix time of the window's beginning, by the images' records
 * @param toMillis of its end, exclusive
 * @param images that fell into the window and were embedded
 * @param referenceImages in the reference so far
 * @param detectors none where the verdict needs none
 */
public record DriftReport(
        int schema,
        String run,
        long encoderVersion,
        long fromMillis,
        long toMillis,
        long images,
        int referenceImages,
        Verdict verdict,
        List<Detection> detectors) {
    public static final int SCHEMA = 1;

    public DriftReport {
        detectors = List.copyOf(detectors);
    }

    /** What the window means. */
    public enum Verdict {
        /** Too few images for an answer. */
        NOT_ENOUGH,
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
    public record Detection(String name, double score, OptionalDouble pValue, double threshold, boolean alarm) {}
}
