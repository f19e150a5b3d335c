package org.millrace.server.dashboard;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.millrace.contract.service.Role;
import org.millrace.server.dashboard.Answer.Question;
import org.millrace.server.dashboard.Answer.Tone;

/** Is anything wrong? The worst of what is, with how many more there are. */
final class Trouble {
    private static final String MAIN = "main";
    private static final String STREAM = "stream-title";
    private static final long QUIET_MILLIS = Duration.ofMinutes(2).toMillis();
    private static final double REJECTED = 0.05; // of the images
    private static final int BATCHES_BEHIND = 20;
    private static final double FASTER = 1.1;
    private static final double MEBIBYTE = 1 << 20;

    private Trouble() {}

    static Answer answer(RunFacts facts, List<Role> roles, List<String> unusual, DiskSpace disk) {
        List<Answer> found = Stream.<Supplier<Optional<Answer>>>of(
                        () -> broker(facts),
                        () -> failed(roles),
                        () -> full(disk),
                        () -> overBudget(disk),
                        () -> silent(facts),
                        () -> stuck(facts),
                        () -> behind(facts),
                        () -> rejected(facts),
                        () -> unreadable(facts),
                        () -> workaround(unusual))
                .map(Supplier::get)
                .flatMap(Optional::stream)
                .toList();
        Optional<Answer> worst = found.stream()
                .filter(one -> one.tone() == Tone.BAD)
                .findFirst()
                .or(() -> found.stream().findFirst());
        return worst.map(one -> one.and(others(found.size() - 1))).orElseGet(() -> nothing(facts));
    }

    private static String others(int more) {
        return more == 0 ? "" : more == 1 ? "And one more thing." : "And " + more + " more things.";
    }

    private static Answer nothing(RunFacts facts) {
        if (facts.run().start().isEmpty()) {
            return answer(Tone.WAIT, MAIN, "Nothing so far: no trainer has started this run yet.");
        }
        String rate = facts.stream().training().isPresent()
                ? String.format(
                        Locale.ROOT,
                        "%.0f images/s are trained",
                        facts.stream().training().getAsDouble())
                : "the trainer waits for images";
        String lag = facts.stream()
                .lag()
                .map(images -> String.format(Locale.ROOT, ", %,d wait", images))
                .orElse("");
        return answer(Tone.GOOD, STREAM, "No: %s%s.", rate, lag);
    }

    private static Optional<Answer> broker(RunFacts facts) {
        return facts.run().brokerAnswers()
                ? Optional.empty()
                : Optional.of(answer(Tone.BAD, MAIN, "The broker does not answer; what is shown is from before."));
    }

    private static Optional<Answer> failed(List<Role> roles) {
        return roles.stream()
                .filter(role -> role.state() == Role.State.FAILED || role.state() == Role.State.WAITING)
                .findFirst()
                .map(role -> role.state() == Role.State.FAILED
                        ? answer(Tone.BAD, MAIN, "%s of this process has failed; the log says why.", role.name())
                        : answer(
                                Tone.WARN,
                                MAIN,
                                "%s of this process failed %d times and starts again; the log says why.",
                                role.name(),
                                role.failures()));
    }

    private static Optional<Answer> full(DiskSpace disk) {
        return disk.isLow()
                ? Optional.of(answer(
                        Tone.BAD,
                        "checkpoints-title",
                        "The disk of the run's folder is almost full: %.1f GiB are free.",
                        (double) disk.usableBytes().orElse(0) / (1L << 30)))
                : Optional.empty();
    }

    private static Optional<Answer> overBudget(DiskSpace disk) {
        return disk.parts().stream()
                .filter(DiskSpace.Part::isOver)
                .findFirst()
                .map(part -> answer(
                        Tone.WARN,
                        "checkpoints-title",
                        "%s takes %.0f of %.0f MiB; the log says what may go.",
                        part.what() == DiskSpace.What.RUN ? "The run's folder" : "The embedded broker",
                        part.bytes() / MEBIBYTE,
                        part.budgetBytes().orElse(0) / MEBIBYTE));
    }

    private static Optional<Answer> silent(RunFacts facts) {
        return facts.rounds()
                .flatMap(Sections.Rounds::silentSinceMillis)
                .map(since -> new Answer(
                        Question.TROUBLE,
                        Tone.BAD,
                        "No process of the round under way has reported.",
                        Optional.of(since),
                        "rounds-title"));
    }

    // with several trainers, whose steps are reported by the round, silence says it
    private static Optional<Answer> stuck(RunFacts facts) {
        long waiting = facts.stream().lag().orElse(0L);
        return facts.rounds().isEmpty() && waiting >= facts.batchImages()
                ? facts.run()
                        .lastStepMillis()
                        .filter(last -> facts.atMillis() - last > QUIET_MILLIS)
                        .map(last -> new Answer(
                                Question.TROUBLE,
                                Tone.BAD,
                                String.format(
                                        Locale.ROOT, "No step, though %,d images wait: is a trainer running?", waiting),
                                Optional.of(last),
                                STREAM))
                : Optional.empty();
    }

    private static Optional<Answer> behind(RunFacts facts) {
        OptionalDouble arriving = facts.stream().arriving();
        OptionalDouble training = facts.stream().training();
        long waiting = facts.stream().lag().orElse(0L);
        boolean behind = arriving.isPresent()
                && training.isPresent()
                && arriving.getAsDouble() > FASTER * training.getAsDouble()
                && waiting > BATCHES_BEHIND * facts.batchImages();
        return behind
                ? Optional.of(answer(
                        Tone.WARN,
                        STREAM,
                        "It falls behind: %.0f images/s arrive, %.0f are trained, %,d wait.",
                        arriving.getAsDouble(),
                        training.getAsDouble(),
                        waiting))
                : Optional.empty();
    }

    private static Optional<Answer> rejected(RunFacts facts) {
        long rejected = facts.run().rejected();
        double share = (double) rejected / Math.max(1, rejected + facts.run().images());
        return share > REJECTED
                ? Optional.of(answer(
                        Tone.WARN,
                        "rejects",
                        "%.0f %% of the images were rejected, %,d so far.",
                        100 * share,
                        rejected))
                : Optional.empty();
    }

    private static Optional<Answer> unreadable(RunFacts facts) {
        return facts.run().unreadable().entrySet().stream()
                .findFirst()
                .map(topic -> answer(
                        Tone.WARN,
                        MAIN,
                        "%,d records of %s cannot be read and were left out; the log names them.",
                        topic.getValue(),
                        topic.getKey()));
    }

    private static Optional<Answer> workaround(List<String> unusual) {
        return unusual.stream()
                .findFirst()
                .map(line -> answer(Tone.NOTE, "about", "No, but the self-test found a way round: %s.", line));
    }

    private static Answer answer(Tone tone, String evidence, String words, Object... values) {
        return new Answer(Question.TROUBLE, tone, String.format(Locale.ROOT, words, values), evidence);
    }
}
