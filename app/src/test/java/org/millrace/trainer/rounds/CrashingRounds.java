package org.millrace.trainer.rounds;

import java.time.Clock;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.StepDone;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.trainer.CrashingTrainer;
import org.millrace.trainer.TrainLimits;

/** A real process of a run of several trainers, which halts at once, without a message or shutdown hooks, when it reaches a moment. */
public final class CrashingRounds {
    private static final String STEPPED = "STEPPED";
    private static final String PUBLISHED = "PUBLISHED";

    private CrashingRounds() {}

    /** Broker, moment, then settings. */
    public static void main(String[] arguments) {
        String last = arguments[1];
        MillraceConfig config = new ConfigLoader()
                .assignments(List.of(arguments).subList(2, arguments.length))
                .load();
        var kafka = new KafkaSettings(arguments[0], config.kafka());
        try (var trainer = new RoundsTrainer(
                config,
                kafka,
                new Events(last),
                Clock.systemUTC(),
                (moment, round) -> crashAt(moment.name(), last),
                torch -> new SlotTrainer(config, kafka, torch, Clock.systemUTC()))) {
            trainer.run(new TrainLimits(OptionalLong.empty(), true));
        }
    }

    private static void crashAt(String moment, String last) {
        if (moment.equals(last)) {
            Runtime.getRuntime().halt(137);
        }
    }

    /** The names of all moments, those in which a published encoder or a step is reported included. */
    public static List<String> moments() {
        return Stream.concat(Stream.of(RoundMoment.values()).map(RoundMoment::name), Stream.of(STEPPED, PUBLISHED))
                .toList();
    }

    private static final class Events extends CrashingTrainer.Silence {
        private final String last;

        Events(String last) {
            this.last = last;
        }

        @Override
        public void stepped(StepDone done) {
            crashAt(STEPPED, last);
        }

        @Override
        public void published(long version) {
            crashAt(PUBLISHED, last);
        }
    }
}
