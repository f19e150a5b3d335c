package org.millrace.evaluator;

import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.millrace.contract.UserException;
import org.millrace.evaluator.probe.ProbeSet;

/**
 * The labelled images that encoders are scored on: the growing probe set, and those of the old domain where the guard has some. Not thread
 * safe; the owner closes it.
 */
final class LabelledImages implements AutoCloseable {
    private final GrowingProbeSet probes;
    private final Optional<OldProbe> old;

    LabelledImages(GrowingProbeSet probes, Optional<OldProbe> old) {
        this.probes = probes;
        this.old = old;
    }

    /** Takes a record of the probe topic. */
    void accept(ConsumerRecord<byte[], byte[]> record) {
        probes.accept(record);
    }

    ProbeSet probes() {
        return probes.set();
    }

    Optional<ProbeSet> old() {
        return old.map(OldProbe::set);
    }

    int testImages() {
        return probes.testImages();
    }

    /** Whether no image of the probe topic has come for a second. */
    boolean isQuiet() {
        return probes.isQuiet();
    }

    /** Whether there are enough images to score on; reads the old domain's to their end first. */
    boolean isEnough() {
        return probes.isEnough() && old.map(OldProbe::isEnough).orElse(true);
    }

    /** Throws {@link UserException} where there are too few images to score on, and says how to push more. */
    void requireEnough() {
        if (!probes.isEnough()) {
            throw new UserException(probes.shortage()
                    + "\nPush labelled images first: millrace push --to probe FOLDER, one folder for each class.");
        }
        if (!old.map(OldProbe::isEnough).orElse(true)) {
            throw new UserException(old.get().shortage()
                    + "\nPush labelled images of the old domain to it (guard.old-probe): millrace push --to probe"
                    + " --set images.probe-topic=TOPIC FOLDER, one folder for each class.");
        }
    }

    void saveWhenDue() {
        probes.saveWhenDue();
    }

    void save() {
        probes.save();
    }

    @Override
    public void close() {
        old.ifPresent(OldProbe::close);
        probes.save();
    }
}
