package org.millrace.trainer.stream;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.concurrent.Future;
import org.millrace.contract.ImageOffset;
import org.millrace.contract.event.StepPlan;
import org.millrace.keystore.ImageId;
import org.millrace.trainer.gate.Judged;

/**
 * Everything that a step needs, ready to compute.
 *
 * @param journalOffset the journal's offset behind the plan; the plan is durable when it completes
 * @param position of the run after this step
 * @param images where the batch's images lie in the log, in batch order
 * @param ids of the batch's images, where their records have one
 * @param segments of the batch's images, as {@link LoggedImage#segment} has them
 * @param secondFrom what the second view of each image was made from, where that is another image
 * @param judged what the gate judged for this step
 * @param bufferChanges what the step does to the replay buffer
 * @param bufferOffered how many images the step offered to it
 * @param freshImages how many of the batch, the first ones, are new or of the buffer's short-term tier
 * @param freshShare share of the batch meant for those, where the buffer has tiers
 * @param millis time of each stage of the preparation
 */
public record PreparedStep(
        StepPlan plan,
        Future<Long> journalOffset,
        StreamPosition position,
        List<ImageOffset> images,
        List<Optional<ImageId>> ids,
        List<OptionalLong> segments,
        List<Optional<ImageOffset>> secondFrom,
        ViewBuffers views,
        List<Rejection> rejections,
        List<Judged> judged,
        List<ReplayBuffer.Change> bufferChanges,
        int bufferOffered,
        int freshImages,
        OptionalDouble freshShare,
        Map<String, Double> millis) {
    /** Images whose second view was made from another image. */
    public int otherFrames() {
        return (int) secondFrom.stream().filter(Optional::isPresent).count();
    }
}
