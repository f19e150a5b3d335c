package org.millrace.trainer.stream;

import java.util.List;
import java.util.OptionalDouble;
import java.util.concurrent.Future;
import org.millrace.contract.event.Stage;
import org.millrace.contract.event.StepPlan;

/** Prepares steps of images drawn from the replay buffer, which they do not change. For one caller. */
record ReplayedSteps(int batchSize, DrawnImages drawn, Preparation preparation) {
    /**
     * The step of a plan.
     *
     * @param journalOffset completes with the journal's offset behind the plan
     * @param before the step
     * @param views filled with N×H×W×C of each view
     */
    PreparedStep prepare(
            StepPlan plan, Future<Long> journalOffset, StreamPosition before, ViewBuffers views, StageClock clock)
            throws InterruptedException {
        clock.lap(Stage.PLAN);
        List<DecodedImage> decoded = drawn.of(plan.step(), 0, batchSize);
        List<LoggedImage> images = decoded.stream().map(DecodedImage::image).toList();
        clock.lap(Stage.MIX);
        preparation.makeViews(plan.step(), decoded, views);
        clock.lap(Stage.VIEWS);
        return new PreparedStep(
                plan,
                journalOffset,
                before.afterReplay(),
                images.stream().map(LoggedImage::at).toList(),
                images.stream().map(LoggedImage::id).toList(),
                images.stream().map(LoggedImage::segment).toList(),
                decoded.stream().map(DecodedImage::secondFrom).toList(),
                views,
                List.of(),
                List.of(),
                List.of(),
                0,
                0,
                OptionalDouble.empty(),
                clock.millis());
    }
}
