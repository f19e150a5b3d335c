package org.millrace.trainer.stream;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.concurrent.Future;
import org.millrace.contract.CounterRandom;
import org.millrace.contract.CounterRandom.Purpose;
import org.millrace.contract.event.Signals;
import org.millrace.contract.event.Stage;
import org.millrace.contract.event.StepPlan;

/**
 * Prepares steps of new images, which are offered to the replay buffer too; what a batch then lacks is drawn from the buffer as it was
 * before. For one caller.
 */
record FreshSteps(
        long seed, BatchMix mix, ReplayBuffer buffer, BufferFiles files, DrawnImages drawn, Preparation preparation) {
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
        List<DecodedImage> decoded = new ArrayList<>(batch.decoded());
        OptionalDouble asked = plan.signals().map(Signals::freshShare).orElse(OptionalDouble.empty());
        OptionalDouble share = asked.isPresent() ? asked : buffer.freshShare();
        int shortTerm = mix.shortTerm(plan.images(), share.orElse(0), buffer.shortTerm(), buffer.longTerm());
        decoded.addAll(drawn.of(plan.step(), shortTerm, mix.drawn(plan.images()) - shortTerm));
        List<StoredImage> offered = batch.images().stream().map(StoredImage::of).toList();
        var changes = buffer.offer(offered, CounterRandom.of(seed, plan.step(), Purpose.BUFFER_INSERT, 0));
        files.put(plan.step(), batch.images(), changes);
        clock.lap(Stage.MIX);
        preparation.makeViews(plan.step(), decoded, views);
        clock.lap(Stage.VIEWS);
        return new PreparedStep(
                plan,
                journalOffset,
                before.afterFresh(batch),
                decoded.stream().map(image -> image.image().at()).toList(),
                decoded.stream().map(image -> image.image().id()).toList(),
                decoded.stream().map(image -> image.image().segment()).toList(),
                decoded.stream().map(DecodedImage::secondFrom).toList(),
                views,
                batch.rejections(),
                batch.judged(),
                changes,
                batch.images().size(),
                plan.images() + shortTerm,
                share,
                clock.millis());
    }
}
