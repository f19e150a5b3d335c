package org.millrace.trainer.view;

import java.nio.FloatBuffer;
import org.millrace.contract.CounterRandom;
import org.millrace.contract.CounterRandom.Purpose;
import org.millrace.contract.config.AugmentConfig.View;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.encoder.image.Pixels;

/** Two random views of an image, a pure function of (run seed, step, place in the batch). Not thread safe. */
public final class TwoViews {
    private final long seed;
    private final boolean flipOnce;
    private final ViewMaker first;
    private final ViewMaker second;

    public TwoViews(MillraceConfig config) {
        this.seed = config.run().seed();
        this.flipOnce = config.augment().flipOnce();
        this.first = new ViewMaker(config.encoder(), config.augment(), View.FIRST);
        this.second = new ViewMaker(config.encoder(), config.augment(), View.SECOND);
    }

    /** Puts a view, H×W×C, at the position of each buffer; {@code index} is the image's place in the step's batch. */
    public void make(Pixels source, long step, int index, FloatBuffer firstTarget, FloatBuffer secondTarget) {
        CounterRandom one = CounterRandom.of(seed, step, Purpose.VIEW_ONE, index);
        CounterRandom two = CounterRandom.of(seed, step, Purpose.VIEW_TWO, index);
        first.make(source, one, flipOnce ? shared(step, index) : one, firstTarget);
        second.make(source, two, flipOnce ? shared(step, index) : two, secondTarget);
    }

    /** A new generator of the draws that the two views share: it begins with the same draw for both. */
    private CounterRandom shared(long step, int index) {
        return CounterRandom.of(seed, step, Purpose.VIEW_PAIR, index);
    }
}
