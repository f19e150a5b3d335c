package org.millrace.trainer;

import java.time.Clock;
import org.millrace.contract.RunTopics;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.LogIdentity;
import org.millrace.contract.kafka.TopicSetup;
import org.millrace.trainer.run.Moment;

/** What a trainer is made with: the run's settings, its broker, and the listeners to what happens. */
record RunSetup(
        MillraceConfig config, KafkaSettings kafka, TrainerEvents events, Clock clock, Moment.Listener moments) {
    RunTopics topics() {
        return config.run().topics();
    }

    /** Creates the topics that the run lacks, and names the log of images, whose topic must be there. */
    LogIdentity ensureTopics() {
        try (var broker = new TopicSetup(kafka)) {
            LogIdentity imageLog = broker.identity(config.images().topic());
            broker.ensureRejected(config.images());
            broker.ensureRun(topics());
            if (config.replay().driftShare() > 0) {
                broker.ensureDrift(topics());
            }
            return imageLog;
        }
    }
}
