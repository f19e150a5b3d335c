package org.millrace.evaluator.score;

import static org.millrace.contract.Check.check;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.DoubleFunction;
import java.util.stream.IntStream;
import org.millrace.contract.CounterRandom;
import org.millrace.contract.CounterRandom.Purpose;

/** The training half in two parts, about four fifths to fit on and a fifth to choose a setting by. Safe for many readers. */
public final class ValidationSplit {
    private static final int PARTS = 5;

    private final LabelledFeatures fitted;
    private final LabelledFeatures heldOut;

    private ValidationSplit(LabelledFeatures fitted, LabelledFeatures heldOut) {
        this.fitted = fitted;
        this.heldOut = heldOut;
    }

    /** The parts, the same for the same number of rows; empty where one of them would have none. */
    public static Optional<ValidationSplit> of(LabelledFeatures examples) {
        ValidationSplit split = new ValidationSplit(part(examples, false), part(examples, true));
        return split.fitted.size() == 0 || split.heldOut.size() == 0 ? Optional.empty() : Optional.of(split);
    }

    public LabelledFeatures fitted() {
        return fitted;
    }

    public LabelledFeatures heldOut() {
        return heldOut;
    }

    /**
     * Every value with its accuracy on the held-out part, in the order given.
     *
     * @param fit the scores that a probe with that setting, fitted on {@link #fitted}, gives {@link #heldOut}
     */
    public List<Trial> trials(List<Double> values, DoubleFunction<ClassScores> fit) {
        List<Trial> trials = new ArrayList<>();
        for (double value : values) {
            trials.add(new Trial(value, fit.apply(value).accuracy(heldOut, 1)));
        }
        return trials;
    }

    /** The value that was most accurate, of equal ones the first. */
    public static double best(List<Trial> trials) {
        check(!trials.isEmpty(), "nothing was tried");
        Trial best = trials.get(0);
        for (Trial trial : trials) {
            best = trial.accuracy() > best.accuracy() ? trial : best;
        }
        return best.value();
    }

    private static LabelledFeatures part(LabelledFeatures examples, boolean heldOut) {
        return examples.select(IntStream.range(0, examples.size())
                .filter(row -> (CounterRandom.of(0, 0, Purpose.PROBE, row).nextInt(PARTS) == 0) == heldOut)
                .toArray());
    }
}
