package org.millrace.app.text;

import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.millrace.contract.event.DriftAlarm;
import org.millrace.contract.event.DriftEvent;
import org.millrace.contract.event.DriftReport;
import org.millrace.contract.event.DriftReport.Verdict;

/** The drift events shown beside the training: alarms, and the first of consecutive unusable windows. */
public final class DriftNews implements Consumer<DriftEvent> {
    private final Consumer<String> words;
    private final String broker;
    private final Set<Optional<String>> unusable = new HashSet<>(); // sources whose newest window is

    public DriftNews(Consumer<String> words, String broker) {
        this.words = words;
        this.broker = broker;
    }

    @Override
    public synchronized void accept(DriftEvent event) {
        if (event instanceof DriftAlarm) {
            words.accept(DriftText.line(event, broker));
        } else if (event instanceof DriftReport report) {
            if (report.verdict() != Verdict.UNUSABLE) {
                unusable.remove(report.source());
            } else if (unusable.add(report.source())) {
                words.accept("drift: " + DriftText.line(event, broker));
            }
        }
    }
}
