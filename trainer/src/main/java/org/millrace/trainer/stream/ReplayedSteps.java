package org.millrace.trainer.stream;

import java.util.List;
import java.util.concurrent.Future;
import org.millrace.contract.CounterRandom;
import org.millrace.contract.CounterRandom.Purpose;
import org.millrace.contract.event.Stage;
import org.millrace.contract.event.StepPlan;

/** Prepares steps of images drawn from the replay buffer, which they do not change. For one caller. */
record ReplayedSteps(long seed, int batchSize, ReplayBuffer buffer, Preparation preparation) {
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
        List<LoggedImage> images = buffer.draw(batchSize, CounterRandom.of(seed, plan.step(), Purpose.BUFFER_DRAW, 0));
        List<DecodedImage> decoded = preparation.decode(images).stream()
                .map(ReplayedSteps::stillDecoded)
                .toList();
        clock.lap(Stage.MIX);
        preparation.makeViews(plan.step(), decoded, views);
        clock.lap(Stage.VIEWS);
        return new PreparedStep(
                plan,
                journalOffset,
                before.afterReplay(),
                images.stream().map(LoggedImage::at).toList(),
                images.stream().map(LoggedImage::id).toList(),
                views,
                List.of(),
                List.of(),
                List.of(),
                0,
                clock.millis());
    }

    private static DecodedImage stillDecoded(DecodeOutcome outcome) {
        if (outcome instanceof DecodedImage decoded) {
            return decoded;
        }
        Rejection rejection = (Rejection) outcome;
        throw new IllegalStateException("an image of the replay buffer no longer decodes: "
                + rejection.image().at() + ": " + rejection.reason());
    }
}
