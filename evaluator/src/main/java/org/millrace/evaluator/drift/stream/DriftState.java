package org.millrace.evaluator.drift.stream;

import java.util.List;

/**
 * The state of drift detection for a key between two windows.
 *
 * @param encoderVersion of the frozen encoder that computed the reference's features
 * @param reference number of the reference: another one has another number
 * @param windowsLeftOut windows still to be left out of it: they were open when the operator ordered it
 * @param referenceImages in it so far
 * @param referenceUntilMillis end of the last window that is in it
 * @param sum of the sequential detector
 * @param alarm NONE, or how far the alarm is
 * @param alarmFromMillis beginning of the window that raised it
 * @param alarmBy detectors that raised it
 */
record DriftState(
        long encoderVersion,
        long reference,
        int windowsLeftOut,
        int referenceImages,
        long referenceUntilMillis,
        double sum,
        Alarm alarm,
        long alarmFromMillis,
        List<String> alarmBy) {
    enum Alarm {
        NONE,
        RAISED,
        ACKNOWLEDGED
    }

    DriftState {
        alarmBy = List.copyOf(alarmBy);
    }

    static DriftState fresh(long encoderVersion, long reference, int windowsLeftOut) {
        return new DriftState(
                encoderVersion, reference, windowsLeftOut, 0, Long.MIN_VALUE, 0, Alarm.NONE, 0, List.of());
    }

    DriftState withReference(int images, long untilMillis) {
        return new DriftState(
                encoderVersion, reference, windowsLeftOut, images, untilMillis, sum, alarm, alarmFromMillis, alarmBy);
    }

    DriftState withSum(double now) {
        return new DriftState(
                encoderVersion,
                reference,
                windowsLeftOut,
                referenceImages,
                referenceUntilMillis,
                now,
                alarm,
                alarmFromMillis,
                alarmBy);
    }

    DriftState withAlarm(Alarm now, long fromMillis, List<String> by) {
        return new DriftState(
                encoderVersion,
                reference,
                windowsLeftOut,
                referenceImages,
                referenceUntilMillis,
                sum,
                now,
                fromMillis,
                by);
    }

    /** One window less to leave out. */
    DriftState withoutOneLeftOut() {
        return new DriftState(
                encoderVersion,
                reference,
                windowsLeftOut - 1,
                referenceImages,
                referenceUntilMillis,
                sum,
                alarm,
                alarmFromMillis,
                alarmBy);
    }
}
