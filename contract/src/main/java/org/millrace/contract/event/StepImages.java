package org.millrace.contract.event;

import static org.millrace.contract.Check.check;

import java.util.List;
import java.util.Optional;
import org.millrace.contract.ImageOffset;

/**
 * What a step's plan does not say of its images.
 *
 * @param otherFrames images whose second view was made from another frame of their segment
 * @param first some of the new images, in batch order from its beginning
 */
public record StepImages(int otherFrames, List<Trained> first) {
    /** Images named at most. */
    public static final int MOST = 4;

    public StepImages {
        check(otherFrames >= 0, "otherFrames must not be negative, but was %d", otherFrames);
        first = List.copyOf(first.subList(0, Math.min(MOST, first.size())));
    }

    /**
     * A trained image.
     *
     * @param second the frame that its second view was made from, where that is another one
     */
    public record Trained(ImageOffset at, Optional<ImageOffset> second) {}
}
