package org.millrace.trainer.rounds;

import org.millrace.contract.RunTopics;
import org.millrace.contract.UserException;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.TopicSetup;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The slots' topics, which have a partition for each slot. Not thread safe. */
final class SlotTopics {
    private static final Logger log = LoggerFactory.getLogger(SlotTopics.class);

    private final KafkaSettings kafka;
    private final RunTopics topics;
    private int most; // slots that have partitions
    private int refused;

    /** @param slots that have partitions already */
    SlotTopics(KafkaSettings kafka, RunTopics topics, int slots) {
        this.kafka = kafka;
        this.topics = topics;
        this.most = slots;
    }

    /** Makes room for as many slots as are wanted; returns how many there can be, fewer where the broker refuses. */
    int roomFor(int wanted) {
        if (wanted > most && wanted != refused) {
            try (var setup = new TopicSetup(kafka)) {
                setup.growRounds(topics, wanted);
                most = wanted;
            } catch (UserException e) {
                refused = wanted;
                log.warn("{} slots are wanted; the run goes on with {}: {}", wanted, most, e.getMessage());
            }
        }
        return Math.min(wanted, most);
    }
}
