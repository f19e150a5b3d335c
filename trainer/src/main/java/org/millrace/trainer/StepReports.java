package org.millrace.trainer;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.millrace.contract.config.ViewsConfig;
import org.millrace.contract.event.JournalEvent;
import org.millrace.contract.event.Stage;
import org.millrace.contract.event.StepDone;
import org.millrace.contract.event.StepImages;
import org.millrace.trainer.health.CollapseWatch;
import org.millrace.trainer.journal.RunWriter;
import org.millrace.trainer.run.Moment;
import org.millrace.trainer.stream.PreparedStep;
import org.millrace.trainer.stream.Rejects;
import org.millrace.trainer.stream.StageClock;
import org.millrace.trainer.stream.StreamPosition;

/** Reports each computed step: to the journal, to the topic of rejects, and to the listeners. Used by the trainer's thread. */
final class StepReports {
    private final RunSetup setup;
    private final RunWriter writer;
    private final Rejects rejects;
    private final CollapseWatch collapse = new CollapseWatch();

    StepReports(RunSetup setup, RunWriter writer) {
        this.setup = setup;
        this.writer = writer;
        this.rejects = new Rejects(writer, setup.config().images());
    }

    void send(PreparedStep prepared, Learner.Result result, TrainingState state, StageClock stages) {
        var digest = state.digestIfDue();
        stages.lap(Stage.DIGEST);
        prepared.rejections().forEach(rejects::send);
        double spread =
                CollapseWatch.spread(result.features(), prepared.images().size());
        int collapsedSteps = collapse.after(spread);
        StreamPosition position = state.position();
        StepDone done = new StepDone(
                JournalEvent.SCHEMA,
                position.step(),
                position.imagesTrained(),
                position.imagesRejected(),
                state.gateCounts(),
                images(prepared, state),
                result.loss(),
                result.accuracy(),
                result.guard(),
                result.learningRate(),
                result.momentum(),
                prepared.freshShare(),
                result.keySequence(),
                result.keysFilled(),
                OptionalDouble.of(spread),
                OptionalInt.of(collapsedSteps),
                result.health(),
                millis(prepared, stages),
                digest,
                setup.clock().millis());
        writer.report(done);
        setup.moments().at(Moment.REPORTED, done.step());
        setup.events().stepped(done);
        if (collapsedSteps == StepDone.COLLAPSED_STEPS) {
            setup.events().collapsed(done.step());
        }
    }

    // empty where the plan says it all
    private Optional<StepImages> images(PreparedStep prepared, TrainingState state) {
        boolean temporal = setup.config().views().temporal() == ViewsConfig.Temporal.AUTO;
        if (!temporal && state.gateCounts().isEmpty()) {
            return Optional.empty();
        }
        List<StepImages.Trained> first = IntStream.range(
                        0, Math.min(StepImages.MOST, prepared.plan().images()))
                .mapToObj(i -> new StepImages.Trained(
                        prepared.images().get(i), prepared.secondFrom().get(i)))
                .toList();
        return Optional.of(new StepImages(prepared.otherFrames(), first));
    }

    private static Map<String, Double> millis(PreparedStep prepared, StageClock stages) {
        Map<String, Double> millis = new TreeMap<>(prepared.millis());
        millis.putAll(stages.millis());
        return millis;
    }
}
