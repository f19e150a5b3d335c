package org.millrace.app.benchmark;

import static org.millrace.contract.Check.check;

import java.util.List;
import java.util.OptionalLong;
import org.millrace.evaluator.protocol.ProbeProtocol;
import org.millrace.ingest.label.Labels;

/**
 * The encoder, protocols and images of a benchmark.
 *
 * @param checkpoint step of a checkpoint on disk; the newest whole one if neither this nor {@code encoder} is given
 * @param encoder version on the topic of encoders
 * @param train paths of the training images; none for the probe set
 * @param test paths of the held-out images; none for the probe set
 */
public record BenchmarkRequest(
        List<ProbeProtocol.Name> protocols,
        OptionalLong checkpoint,
        OptionalLong encoder,
        List<String> train,
        List<String> test,
        Labels labels) {
    public BenchmarkRequest {
        protocols = List.copyOf(protocols);
        train = List.copyOf(train);
        test = List.copyOf(test);
        check(!protocols.isEmpty(), "--protocol needs at least one name");
        check(checkpoint.isEmpty() || encoder.isEmpty(), "--checkpoint and --encoder exclude each other");
        check(checkpoint.orElse(0) >= 0, "--checkpoint must be a step, but was %d", checkpoint.orElse(0));
        check(encoder.orElse(0) >= 0, "--encoder must be a version, but was %d", encoder.orElse(0));
        check(
                train.isEmpty() == test.isEmpty(),
                "--train and --test need each other: training images, and held-out images to score on");
    }

    /** Whether the images are read from files instead of the probe set. */
    public boolean local() {
        return !train.isEmpty();
    }

    /** Whether the encoder or the images come from Kafka. */
    public boolean needsKafka() {
        return !local() || encoder.isPresent();
    }
}
