package org.millrace.trainer.stream;

import java.util.ArrayList;
import java.util.List;
import org.millrace.contract.CounterRandom;
import org.millrace.contract.CounterRandom.Purpose;

/** Images drawn from the replay buffer, which they do not change. For one caller. */
record DrawnImages(long seed, ReplayBuffer buffer, BufferFiles files, Preparation preparation) {
    /** Images that can be drawn. */
    int available() {
        return buffer.size();
    }

    /**
     * A step's images, in batch order: so many different ones, or fewer where the buffer holds fewer.
     *
     * @param shortTerm how many of the short-term tier, which come first
     * @param longTerm how many of the long-term tier, or of a buffer without tiers
     */
    List<DecodedImage> of(long step, int shortTerm, int longTerm) throws InterruptedException {
        List<StoredImage> images =
                new ArrayList<>(buffer.drawShortTerm(shortTerm, CounterRandom.of(seed, step, Purpose.BUFFER_DRAW, 1)));
        images.addAll(buffer.draw(longTerm, CounterRandom.of(seed, step, Purpose.BUFFER_DRAW, 0)));
        return preparation.decode(images.size(), i -> files.read(images.get(i))).stream()
                .map(DrawnImages::stillDecoded)
                .toList();
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
