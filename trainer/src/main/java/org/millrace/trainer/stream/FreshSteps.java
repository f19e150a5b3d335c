package org.millrace.trainer.stream;

import java.util.List;
import java.util.concurrent.Future;
import org.millrace.contract.CounterRandom;
import org.millrace.contract.CounterRandom.Purpose;
import org.millrace.contract.event.Stage;
import org.millrace.contract.event.StepPlan;

/** Prepares steps of new images, which are offered to the replay buffer too. For one caller. */
record FreshSteps(long seed, ReplayBuffer buffer, Preparation preparation) {
    /**
     * The step of a plan.
     *
     * @param journalOffset completes with the journal's offset behind the plan
     * @param batch the plan's images
     * @param before the step
     * @param views filled with N×H×W×C of each view
     */
    PreparedStep prepare(
            StepPlan plan,
            Future<Long> journalOffset,
            FreshBatch batch,
            StreamPosition before,
            ViewBuffers views,
            StageClock clock)
            throws InterruptedException {
        clock.lap(Stage.PLAN);
        List<LoggedImage> images = batch.images();
        var changes = buffer.offer(images, CounterRandom.of(seed, plan.step(), Purpose.BUFFER_INSERT, 0));
        clock.lap(Stage.MIX);
        preparation.makeViews(plan.step(), batch.decoded(), views);
        clock.lap(Stage.VIEWS);
        return new PreparedStep(
                plan,
                journalOffset,
                before.afterFresh(batch),
                images.stream().map(LoggedImage::at).toList(),
                images.stream().map(LoggedImage::id).toList(),
                views,
                batch.rejections(),
                batch.judged(),
                changes,
                images.size(),
                clock.millis());
    }
}
