package org.millrace.evaluator.score;

import static org.millrace.contract.Check.check;

import java.util.BitSet;
import java.util.Optional;
import org.millrace.contract.config.EvaluatorConfig;
import org.millrace.contract.event.Evaluation.LinearScore;
import org.millrace.contract.event.Evaluation.NeighbourScore;
import org.millrace.contract.event.Interval;

/** Features and labels to scores; the same features give the same scores, whatever the number of threads. One caller at a time. */
public final class ProbeScorer implements AutoCloseable {
    private final int neighbours;
    private final double temperature;
    private final Workers workers;

    public ProbeScorer(EvaluatorConfig config, int threads) {
        this.neighbours = config.neighbours();
        this.temperature = config.neighbourTemperature();
        this.workers = new Workers(threads);
    }

    /**
     * Fits both probes on the training half and scores them on the test half. Labels are 0 to {@code classes − 1}; features must
     * be finite.
     */
    public Scores score(LabelledFeatures train, LabelledFeatures test, int classes) {
        check(
                train.size() >= 1 && test.size() >= 1,
                "both halves must have examples, but had %d, %d",
                train.size(),
                test.size());
        check(train.features().isFinite() && test.features().isFinite(), "features must be finite");
        LinearProbe.Result probe = LinearProbe.fit(train, test, classes, workers);
        BitSet linear = probe.scores().hits(test.labels(), 1);
        NearestNeighbours search = new NearestNeighbours(train.features(), train.voters(neighbours, classes), workers);
        BitSet nearest = test.hits(search.find(test.features()).predict(train.labels(), classes, temperature));
        return new Scores(
                new LinearScore(
                        test.accuracy(linear),
                        probe.l2(),
                        probe.iterations(),
                        probe.converged(),
                        Optional.of(Interval.wilson(linear.cardinality(), test.size())),
                        Optional.empty()),
                new NeighbourScore(
                        test.accuracy(nearest),
                        search.k(),
                        temperature,
                        Optional.of(Interval.wilson(nearest.cardinality(), test.size())),
                        Optional.empty()),
                linear,
                nearest);
    }

    @Override
    public void close() {
        workers.close();
    }

    /**
     * What the probes say of one encoder.
     *
     * @param linearHits rows of the test half that the linear probe puts into the right class
     * @param neighbourHits rows that the nearest neighbours do
     */
    public record Scores(LinearScore linear, NeighbourScore neighbours, BitSet linearHits, BitSet neighbourHits) {}
}
