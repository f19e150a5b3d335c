package org.millrace.trainer.inspect;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.config.SettingChanges;
import org.millrace.contract.config.SettingChanges.Change;
import org.millrace.contract.event.JournalEvent;
import org.millrace.contract.event.RunStarted;
import org.millrace.contract.event.StepDone;
import org.millrace.contract.event.StepPlan;
import org.millrace.contract.event.StreamSkipped;

/**
 * Steps of a run that were computed again and had other results, and starts with settings that the run could not have. The journal's
 * events in order go in. Not thread safe.
 */
final class Recomputation {
    private final Map<Long, Outcome> outcomes = new HashMap<>();
    private final Map<String, NavigableSet<Long>> explained = new LinkedHashMap<>(); // steps by what was changed
    private final List<String> problems = new ArrayList<>();
    private @Nullable RunStarted start;
    private @Nullable RunStarted first; // under which the first plan was made
    private int unexplained;

    /** What came of a step, and under which start. */
    private record Outcome(
            double loss, Optional<String> digest, @Nullable RunStarted under) {}

    void add(JournalEvent event) {
        if (event instanceof RunStarted started) {
            begin(started);
        } else if (event instanceof StepPlan) {
            first = first == null ? start : first;
        } else if (event instanceof StepDone done) {
            compare(done);
        } else if (event instanceof StreamSkipped skip) {
            outcomes.keySet().removeIf(step -> step > skip.step());
        }
    }

    /** What cannot be: other results under the same settings, or other structural settings. */
    List<String> problems() {
        List<String> all = new ArrayList<>(problems);
        if (unexplained > 1) {
            all.add((unexplained - 1) + " more steps were computed again with other results");
        }
        return all;
    }

    /** Steps that had other results since the run's owner changed settings, in words. */
    List<String> notes() {
        return explained.entrySet().stream()
                .map(entry -> (entry.getValue().size() == 1
                                ? "step " + entry.getValue().first()
                                : "steps " + entry.getValue().first() + " to "
                                        + entry.getValue().last())
                        + " had other results when computed again, with another " + entry.getKey())
                .toList();
    }

    private void begin(RunStarted started) {
        start = started;
        RunStarted before = first;
        if (before == null) {
            return;
        }
        List<Change> changed = SettingChanges.between(before.configuration(), started.configuration())
                .structural();
        if (!changed.isEmpty()) {
            problems.add("the start after step " + started.step() + ", by " + started.writer()
                    + ", has other settings than the run was started with: " + words(changed)
                    + ". What was computed and published since is of another run: revoke its encoders"
                    + " (millrace encoders revoke VERSION) and start a new run");
        }
    }

    private void compare(StepDone done) {
        Outcome now = new Outcome(done.loss(), done.digest(), start);
        Outcome before = outcomes.put(done.step(), now);
        if (before == null || same(before, now)) {
            return;
        }
        List<String> changes = changes(before.under(), now.under());
        if (changes.isEmpty()) {
            unexplained++;
            if (unexplained == 1) {
                problems.add("step " + done.step() + " was computed again under the same settings, and its "
                        + difference(before, now));
            }
        } else {
            explained
                    .computeIfAbsent(String.join(", ", changes), what -> new TreeSet<>())
                    .add(done.step());
        }
    }

    private static boolean same(Outcome before, Outcome now) {
        boolean digests = before.digest().isEmpty()
                || now.digest().isEmpty()
                || before.digest().equals(now.digest());
        return digests && Double.compare(before.loss(), now.loss()) == 0;
    }

    private static String difference(Outcome before, Outcome now) {
        return Double.compare(before.loss(), now.loss()) == 0
                ? "digest was " + before.digest().orElseThrow() + ", then "
                        + now.digest().orElseThrow()
                : "loss was " + before.loss() + ", then " + now.loss();
    }

    private static List<String> changes(@Nullable RunStarted then, @Nullable RunStarted now) {
        if (then == null || now == null) {
            return List.of();
        }
        SettingChanges changes = SettingChanges.between(then.configuration(), now.configuration());
        List<String> words = new ArrayList<>();
        changes.structural().forEach(change -> words.add(change.toString()));
        changes.others().forEach(change -> words.add(change.toString()));
        if (!then.engine().equals(now.engine())) {
            words.add("engine: " + then.engine() + " → " + now.engine());
        }
        return words;
    }

    private static String words(List<Change> changes) {
        return changes.stream().map(Change::toString).collect(Collectors.joining(", "));
    }
}
