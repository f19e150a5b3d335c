package org.millrace.evaluator;

import java.time.Clock;
import java.util.Locale;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.millrace.evaluator.probe.Half;
import org.millrace.evaluator.probe.ProbeFeed;
import org.millrace.evaluator.probe.ProbeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The probe set as it grows from its topic: whether it holds enough to score on, when new images have paused, and when it is saved. Not
 * thread safe.
 */
final class GrowingProbeSet {
    private static final Logger LOG = LoggerFactory.getLogger(GrowingProbeSet.class);
    private static final int CLASSES_NEEDED = 2;
    private static final int IMAGES_NEEDED = 10;
    private static final long QUIET_MILLIS = 1_000;
    private static final long SAVE_MILLIS = 30_000;

    private final ProbeFeed feed;
    private final String topic;
    private final Clock clock;
    private long lastImageMillis;
    private long lastSaveMillis;
    private boolean reportedShortage;

    GrowingProbeSet(ProbeFeed feed, String topic, Clock clock) {
        this.feed = feed;
        this.topic = topic;
        this.clock = clock;
    }

    void accept(ConsumerRecord<byte[], byte[]> record) {
        lastImageMillis = clock.millis();
        feed.accept(record);
    }

    ProbeSet set() {
        return feed.set();
    }

    int testImages() {
        return set().count(Half.TEST);
    }

    /** Whether no image has come for a second. */
    boolean isQuiet() {
        return clock.millis() - lastImageMillis >= QUIET_MILLIS;
    }

    /** Whether there are enough images to score on; logs the first time that there are not. */
    boolean isEnough() {
        boolean enough = classes() >= CLASSES_NEEDED;
        if (!enough && !reportedShortage) {
            LOG.info("{}; waiting for more", shortage());
            reportedShortage = true;
        }
        return enough;
    }

    /** What is missing, in words. */
    String shortage() {
        return String.format(
                Locale.ROOT,
                "the topic %s has %d labelled images, and %d classes with at least %d images in each half, but %d are needed",
                topic,
                set().size(),
                classes(),
                IMAGES_NEEDED,
                CLASSES_NEEDED);
    }

    /** Saves it where images have paused, or where it was not saved for half a minute. */
    void saveWhenDue() {
        if (isQuiet() || clock.millis() - lastSaveMillis >= SAVE_MILLIS) {
            save();
        }
    }

    void save() {
        feed.save();
        lastSaveMillis = clock.millis();
    }

    private int classes() {
        return set().classesWith(IMAGES_NEEDED);
    }
}
