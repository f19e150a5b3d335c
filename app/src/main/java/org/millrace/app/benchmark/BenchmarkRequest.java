package org.millrace.app.benchmark;

import static org.millrace.contract.Check.check;

import java.util.List;
import java.util.OptionalLong;
import org.millrace.evaluator.protocol.ProbeProtocol;
import org.millrace.ingest.label.Labels;

/**
 * Which encoder is examined by which protocols on which images.
 *
 * @param checkpoint step of a checkpoint on disk; the newest whole one where neither is given
 * @param encoder version on the topic of encoders
 * @param train paths of the images to learn from; none for the probe set
 * @param test paths of the images to be scored on; none for the probe set
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
        check(
                checkpoint.isEmpty() || encoder.isEmpty(),
                "--checkpoint and --encoder each name the encoder: give one of them");
        check(checkpoint.orElse(0) >= 0, "--checkpoint must be a step, but was %d", checkpoint.orElse(0));
        check(encoder.orElse(0) >= 0, "--encoder must be a version, but was %d", encoder.orElse(0));
        check(
                train.isEmpty() == test.isEmpty(),
                "--train and --test go together: images to learn from, and others to be scored on");
    }

    /** Whether the images are read from files and not from the probe set. */
    public boolean local() {
        return !train.isEmpty();
    }

    /** Whether encoder or images are on Kafka. */
    public boolean needsKafka() {
        return !local() || encoder.isPresent();
    }
}
