package org.millrace.server.dashboard;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.millrace.contract.event.DriftAlarm;
import org.millrace.contract.event.DriftReport.Verdict;
import org.millrace.server.dashboard.Answer.Question;
import org.millrace.server.dashboard.Answer.Tone;

/** Has the world changed? By drift's alarms and its newest window of all images. */
final class World {
    static final String EVIDENCE = "drift-title";
    private static final String ALARMS = "alarms"; // whose cards have the pictures

    private World() {}

    static Answer answer(List<DriftView.Window> windows, List<DriftView.Alarm> alarms) {
        return open(alarms, DriftAlarm.State.RAISED)
                .map(alarm -> changed(alarm, windows, Tone.BAD, "Yes"))
                .or(() -> open(alarms, DriftAlarm.State.ACKNOWLEDGED)
                        .map(alarm -> changed(alarm, windows, Tone.WARN, "Yes, as acknowledged")))
                .orElseGet(
                        () -> windows.stream()
                                .filter(window -> window.source().isEmpty())
                                .findFirst()
                                .map(World::unchanged)
                                .orElseGet(
                                        () -> answer(
                                                Tone.WAIT,
                                                "Not known: no window of images has been compared. Monitoring begins with the first trained encoder, where it is on.")));
    }

    private static Optional<DriftView.Alarm> open(List<DriftView.Alarm> alarms, DriftAlarm.State state) {
        return alarms.stream()
                .filter(alarm -> alarm.state().equals(state.name()))
                .findFirst();
    }

    private static Answer changed(DriftView.Alarm alarm, List<DriftView.Window> windows, Tone tone, String begin) {
        String of = alarm.source().isEmpty() ? "the images" : "the images of " + alarm.source();
        String share = windows.stream()
                .filter(window -> window.source().equals(alarm.source()))
                .flatMap(window -> window.attribution().stream())
                .findFirst()
                .map(found -> String.format(
                        Locale.ROOT, "; %.0f %% of the change is theirs, not the encoder's", 100 * found.imageShare()))
                .orElse("");
        String words = begin + ": " + of + " differ from the reference by " + String.join(", ", alarm.detectors())
                + share + ". Pictures of both below.";
        return new Answer(Question.WORLD, tone, words, Optional.of(alarm.fromMillis()), ALARMS);
    }

    private static Answer unchanged(DriftView.Window window) {
        return switch (Verdict.valueOf(window.verdict())) {
            case STABLE ->
                answer(
                        Tone.GOOD,
                        "No: the newest window, %,d images, is like the reference of %,d.",
                        window.images(),
                        window.referenceImages());
            case DRIFT -> answer(Tone.WARN, "The newest window differs from the reference, which is no alarm yet.");
            case REFERENCE ->
                answer(Tone.WAIT, "Not known yet: the reference has %,d images so far.", window.referenceImages());
            case NOT_ENOUGH ->
                answer(
                        Tone.WAIT,
                        "Not known: the newest window has only %,d images, too few to compare.",
                        window.images());
            case UNUSABLE ->
                answer(
                        Tone.WARN,
                        "Not known: the newest window is unusable, %s.",
                        window.reason().orElse("for no given reason"));
        };
    }

    private static Answer answer(Tone tone, String words, Object... values) {
        return new Answer(Question.WORLD, tone, String.format(Locale.ROOT, words, values), EVIDENCE);
    }
}
