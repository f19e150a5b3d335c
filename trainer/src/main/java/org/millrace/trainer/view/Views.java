package org.millrace.trainer.view;

import java.nio.FloatBuffer;
import java.util.List;
import org.millrace.contract.CounterRandom;
import org.millrace.contract.CounterRandom.Purpose;
import org.millrace.contract.config.AugmentConfig.View;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.encoder.image.Pixels;

/** Random views of an image, a pure function of (run seed, step, place in the batch). Not thread safe. */
public final class Views {
    /** The number of the second view. */
    public static final int SECOND = 1;

    private final long seed;
    private final boolean flipOnce;
    private final List<Maker> makers;

    /** @param purpose of the view's draws */
    private record Maker(Purpose purpose, ViewMaker views) {}

    public Views(MillraceConfig config) {
        this.seed = config.run().seed();
        this.flipOnce = config.augment().flipOnce();
        this.makers = List.of(
                new Maker(Purpose.VIEW_ONE, new ViewMaker(config.encoder(), config.augment(), View.FIRST)),
                new Maker(Purpose.VIEW_TWO, new ViewMaker(config.encoder(), config.augment(), View.SECOND)));
    }

    /** How many views it makes of an image. */
    public int count() {
        return makers.size();
    }

    /** Puts each view, H×W×C, at the position of its buffer; {@code index} is the image's place in the step's batch. */
    public void make(Pixels source, long step, int index, List<FloatBuffer> targets) {
        for (int view = 0; view < makers.size(); view++) {
            make(view, source, step, index, targets.get(view));
        }
    }

    /** Puts one of the views, numbered from 0; its draws do not depend on the others, nor on what those are made from. */
    public void make(int view, Pixels source, long step, int index, FloatBuffer target) {
        Maker maker = makers.get(view);
        CounterRandom random = CounterRandom.of(seed, step, maker.purpose(), index);
        maker.views().make(source, random, flipOnce ? shared(step, index) : random, target);
    }

    /** A new generator of the draws that all views share: it begins with the same draw for each. */
    private CounterRandom shared(long step, int index) {
        return CounterRandom.of(seed, step, Purpose.VIEW_PAIR, index);
    }
}
