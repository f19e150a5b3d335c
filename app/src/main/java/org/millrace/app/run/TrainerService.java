package org.millrace.app.run;

import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.service.Services;
import org.millrace.trainer.TrainLimits;
import org.millrace.trainer.Trainer;
import org.millrace.trainer.TrainerEvents;
import org.millrace.trainer.Training;
import org.millrace.trainer.rounds.RoundsTrainer;

/** A trainer that is opened, run and closed on its service's thread. */
public final class TrainerService implements Services.Service {
    private final MillraceConfig config;
    private final KafkaSettings kafka;
    private final TrainerEvents events;
    private final TrainLimits limits;
    private final Duration stopPatience;
    private final AtomicReference<@Nullable Training> trainer = new AtomicReference<>();
    private volatile boolean stopped;

    /** @param stopPatience how long stopping waits for a broker that does not answer */
    public TrainerService(
            MillraceConfig config,
            KafkaSettings kafka,
            TrainerEvents events,
            TrainLimits limits,
            Duration stopPatience) {
        this.config = config;
        this.kafka = kafka;
        this.events = events;
        this.limits = limits;
        this.stopPatience = stopPatience;
    }

    @Override
    public void run() {
        try (Training opened = open()) {
            trainer.set(opened);
            if (stopped) {
                opened.stop(stopPatience);
            }
            opened.run(limits);
        }
    }

    private Training open() {
        return config.rounds().several()
                ? new RoundsTrainer(config, kafka, events, Clock.systemUTC())
                : new Trainer(config, kafka, events, Clock.systemUTC());
    }

    @Override
    public void stop() {
        stopped = true;
        Training opened = trainer.get();
        if (opened != null) {
            opened.stop(stopPatience);
        }
    }
}
