package org.millrace.app.text;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.NavigableMap;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.millrace.app.run.Display;
import org.millrace.app.run.RunStatistics;
import org.millrace.contract.Count;
import org.millrace.contract.event.Evaluation;
import org.millrace.contract.event.RoundMerged;
import org.millrace.contract.event.StepDone;
import org.millrace.contract.event.StepHealth;
import org.millrace.contract.event.StreamSkipped;
import org.millrace.contract.registry.Standings;

/**
 * Training as lines of text: a status line, rewritten in place on a terminal and printed every few seconds elsewhere, and a line for each
 * event. Thread safe.
 */
public final class TrainingDisplay implements Display, AutoCloseable {
    private static final long TERMINAL_NANOS = 200_000_000L;
    private static final long PLAIN_NANOS = 10_000_000_000L;
    /** How long a stream that has delivered images must be silent before that is reported. */
    private static final long FIRST_WAIT_NANOS = 5_000_000_000L;

    private static final long LATER_WAIT_NANOS = 600_000_000_000L;
    private static final int BAR = 24;

    private final PrintWriter out;
    private final boolean terminal;
    private final RunStatistics statistics;
    private final OptionalLong lastStep;
    private long lastStatusNanos;
    private long waitingSinceNanos;
    private boolean saidWaiting;
    private int statusLength;
    private long plannedUntil;
    private final NavigableMap<Long, Integer> ownSlots = new TreeMap<>(); // computed here, of rounds to be merged
    private OptionalLong saidRoundNanos = OptionalLong.empty();
    private String dictionary = ""; // its newest health in words

    /** @param lastStep of the training, if known, for the bar and the time left */
    public TrainingDisplay(PrintWriter out, RunStatistics statistics, OptionalLong lastStep) {
        this.out = out;
        this.terminal = Boolean.getBoolean(Progress.TERMINAL);
        this.statistics = statistics;
        this.lastStep = lastStep;
    }

    @Override
    public synchronized void starting(long step, int plannedSteps) {
        String planned = "; computing " + Count.of(plannedSteps, "step") + " as the journal planned them";
        if (step > 0) {
            say("going on from the checkpoint of step " + step + (plannedSteps > 0 ? planned : ""));
        } else if (plannedSteps > 0) {
            say("there is no checkpoint" + planned + ", from the first");
        }
        plannedUntil = step + plannedSteps;
    }

    @Override
    public synchronized void stepped(StepDone done) {
        long now = System.nanoTime();
        statistics.add(done, now);
        done.health()
                .flatMap(StepHealth::dictionary)
                .ifPresent(keys -> dictionary = " · dictionary " + HealthText.dictionary(keys));
        waitingSinceNanos = 0;
        saidWaiting = false;
        if (now - lastStatusNanos >= (terminal ? TERMINAL_NANOS : PLAIN_NANOS) || statistics.steps() == 1) {
            lastStatusNanos = now;
            status(line(done));
        }
    }

    @Override
    public synchronized void slotComputed(long round, int slot) {
        ownSlots.merge(round, 1, Integer::sum);
    }

    // a line for each round, where rounds are not shorter than status lines
    @Override
    public synchronized void roundMerged(RoundMerged merge) {
        int own = ownSlots.getOrDefault(merge.round(), 0);
        ownSlots.headMap(merge.round(), true).clear();
        long now = System.nanoTime();
        if (saidRoundNanos.isPresent() && now - saidRoundNanos.getAsLong() < PLAIN_NANOS) {
            return;
        }
        saidRoundNanos = OptionalLong.of(now);
        waitingSinceNanos = 0;
        saidWaiting = false;
        say(String.format(
                Locale.ROOT,
                "round %,d is merged: %s, %d computed here; %s, up to step %,d",
                merge.round(),
                Count.of(merge.slots().size(), "slot"),
                own,
                Count.of(merge.images(), "image"),
                merge.step()));
    }

    @Override
    public synchronized void checkpointed(long step) {
        say("checkpoint of step " + step);
    }

    @Override
    public synchronized void published(long version) {
        say("published encoder " + version + dictionary);
    }

    @Override
    public synchronized void collapsed(long step) {
        say("COLLAPSED at step " + step
                + ": every image has nearly the same projection. Lower optimiser.learning-rate, or see"
                + " docs/objectives.md; encoders published earlier are still good.");
    }

    @Override
    public synchronized void skipped(StreamSkipped skip) {
        say("skipped: " + skip.reason() + " Going on at the offsets " + skip.nextOffsets() + " after step "
                + skip.step());
    }

    @Override
    public synchronized void brokerSilent() {
        say("the broker does not answer; waiting for it. Ctrl-C stops.");
    }

    @Override
    public synchronized void brokerBack(Duration silence) {
        say("the broker answers again, after " + silence.toSeconds() + " s; the run goes on where it was");
    }

    @Override
    public synchronized void waiting(int have, int wanted) {
        waiting(have, wanted, "a batch needs (trainer.batch-size)");
    }

    @Override
    public synchronized void waitingForRound(long have, long wanted) {
        waiting(have, wanted, "a round needs (rounds.slots × rounds.steps × trainer.batch-size, and some to spare)");
    }

    private void waiting(long have, long wanted, String what) {
        long now = System.nanoTime();
        if (waitingSinceNanos == 0) {
            waitingSinceNanos = now;
        } else if (!saidWaiting
                && now - waitingSinceNanos > (statistics.steps() == 0 ? FIRST_WAIT_NANOS : LATER_WAIT_NANOS)) {
            saidWaiting = true;
            say("waiting for images: the stream has " + have + " of the " + wanted + " that " + what);
        }
    }

    @Override
    public synchronized void leftOver(int images) {
        if (images > 0) {
            say(Count.of(images, "image")
                    + " left in the log, fewer than a batch (trainer.batch-size); the next start trains "
                    + (images == 1 ? "it" : "them"));
        }
    }

    @Override
    public synchronized void evaluated(Evaluation evaluation) {
        say(String.format(
                Locale.ROOT,
                "encoder %d (%s): linear %s, kNN (k = %d) %s, of %s%s%s%s",
                evaluation.version(),
                Count.of(evaluation.imagesTrained(), "image"),
                AccuracyText.linear(evaluation),
                evaluation.neighbours().k(),
                AccuracyText.neighbours(evaluation),
                Count.of(evaluation.testImages(), "held-out image"),
                evaluation.modelDrift().map(ModelDriftText::sincePrevious).orElse(""),
                evaluation.standing().map(StandingText::warning).orElse(""),
                evaluation.health().map(HealthText::warning).orElse("")));
    }

    @Override
    public synchronized void published(List<Evaluation> evaluations, Standings standings) {
        List<Evaluation> usable = evaluations.stream()
                .filter(evaluation -> !standings.isRevoked(evaluation.version()))
                .toList();
        if (evaluations.isEmpty()) {
            return;
        }
        int revoked = evaluations.size() - usable.size();
        say("scored before this start: " + Count.of(evaluations.size(), "encoder")
                + (revoked == 0 ? "" : ", " + revoked + " of them revoked")
                + (usable.isEmpty()
                        ? " (millrace evaluate lists them)"
                        : " (millrace evaluate lists them); the newest:"));
        if (!usable.isEmpty()) {
            evaluated(usable.get(usable.size() - 1));
        }
    }

    @Override
    public synchronized void say(String line) {
        clearStatus();
        out.println(line);
        out.flush();
    }

    /** Prints a summary of this start of the run. */
    public void stopped() {
        say(
                statistics.steps() == 0
                        ? "stopped before the first step"
                        : String.format(
                                Locale.ROOT,
                                "stopped after %s at %.0f images/s, loss %.3f; started again, the run goes on from here",
                                Count.of(statistics.steps(), "step"),
                                statistics.imagesPerSecond(),
                                statistics.lastLoss()));
    }

    @Override
    public synchronized void close() {
        clearStatus();
        out.flush();
    }

    private String line(StepDone done) {
        String bar = "";
        if (lastStep.isPresent()) {
            double share = Math.min(1, (double) done.step() / lastStep.getAsLong());
            int full = (int) Math.round(BAR * share);
            double rate = statistics.recentImagesPerSecond();
            bar = "[" + "#".repeat(full) + "-".repeat(BAR - full)
                    + String.format(Locale.ROOT, "] %3.0f %% ", 100 * share) + timeLeft(rate, done.step());
        }
        return String.format(
                Locale.ROOT,
                "%sstep %,d%s · %s · %.0f images/s · loss %.3f%s%s",
                bar,
                done.step(),
                done.step() <= plannedUntil ? " (as planned)" : "",
                Count.of(done.imagesTrained(), "image"),
                statistics.recentImagesPerSecond(),
                done.loss(),
                done.gate().map(gate -> " · " + GateText.share(gate)).orElse(""),
                done.imagesRejected() == 0 ? "" : " · rejected " + done.imagesRejected());
    }

    private String timeLeft(double imagesPerSecond, long step) {
        double stepsPerSecond = imagesPerSecond / statistics.batchSize();
        if (stepsPerSecond <= 0) {
            return "";
        }
        long seconds = Math.round((lastStep.orElse(step) - step) / stepsPerSecond);
        return String.format(Locale.ROOT, "%d:%02d left · ", seconds / 60, seconds % 60);
    }

    private void status(String line) {
        if (terminal) {
            out.print("\r" + line + " ".repeat(Math.max(0, statusLength - line.length())));
            statusLength = line.length();
        } else {
            out.println(line);
        }
        out.flush();
    }

    private void clearStatus() {
        if (statusLength > 0) {
            out.print("\r" + " ".repeat(statusLength) + "\r");
            statusLength = 0;
        }
    }
}
