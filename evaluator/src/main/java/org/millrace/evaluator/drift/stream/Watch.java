package org.millrace.evaluator.drift.stream;

import java.util.List;

/**
 * Where the watch over some images stands between two windows.
 *
 * @param encoderVersion of the frozen encoder that the reference was seen through
 * @param reference number of the reference: another one has another number
 * @param windowsLeftOut windows that are still to be left out of it: they were open when a person ordered it
 * @param referenceImages in it so far
 * @param referenceUntilMillis end of the last window that is in it
 * @param sum of the sequential detector
 * @param alarm NONE, or how far the alarm is
 * @param alarmFromMillis beginning of the window that raised it
 * @param alarmBy detectors that raised it
 */
record Watch(
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

    Watch {
        alarmBy = List.copyOf(alarmBy);
    }

    static Watch fresh(long encoderVersion, long reference, int windowsLeftOut) {
        return new Watch(encoderVersion, reference, windowsLeftOut, 0, Long.MIN_VALUE, 0, Alarm.NONE, 0, List.of());
    }

    Watch withReference(int images, long untilMillis) {
        return new Watch(
                encoderVersion, reference, windowsLeftOut, images, untilMillis, sum, alarm, alarmFromMillis, alarmBy);
    }

    Watch withSum(double now) {
        return new Watch(
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

    Watch withAlarm(Alarm now, long fromMillis, List<String> by) {
        return new Watch(
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
    Watch withoutOneLeftOut() {
        return new Watch(
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
