package org.millrace.trainer;

import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.RoundMerged;
import org.millrace.contract.event.StepDone;
import org.millrace.contract.event.StreamSkipped;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.trainer.run.Moment;

/** A real trainer whose process halts at once, without a message or shutdown hooks, when it reaches a moment. */
public final class CrashingTrainer {
    private CrashingTrainer() {}

    /**
     * Broker, moment, first step at which it counts, step whose checkpoint must be in the folder by then (0: none), last step to train,
     * then settings. Checkpoints are written in parallel with later steps, which on a fast machine overtake them.
     */
    public static void main(String[] arguments) {
        Moment last = Moment.valueOf(arguments[1]);
        long from = Long.parseLong(arguments[2]);
        long checkpointed = Long.parseLong(arguments[3]);
        OptionalLong until = OptionalLong.of(Long.parseLong(arguments[4]));
        MillraceConfig config = new ConfigLoader()
                .assignments(List.of(arguments).subList(5, arguments.length))
                .load();
        var named = new CountDownLatch(checkpointed > 0 ? 1 : 0);
        Moment.Listener crash = (moment, step) -> {
            if (moment == Moment.NAMED && step >= checkpointed) {
                named.countDown();
            }
            if (moment == last && step >= from) {
                await(named);
                Runtime.getRuntime().halt(137);
            }
        };
        var kafka = new KafkaSettings(arguments[0], config.kafka());
        try (Trainer trainer = new Trainer(config, kafka, new Silence(), Clock.systemUTC(), crash)) {
            trainer.run(new TrainLimits(until, false));
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The names of all moments. */
    public static List<String> moments() {
        return List.of(Moment.values()).stream().map(Moment::name).toList();
    }

    /** Listens to nothing. */
    public static class Silence implements TrainerEvents {
        @Override
        public void starting(long step, int plannedSteps) {}

        @Override
        public void waitingForRound(long have, long wanted) {}

        @Override
        public void stepped(StepDone done) {}

        @Override
        public void slotComputed(long round, int slot) {}

        @Override
        public void roundMerged(RoundMerged merge) {}

        @Override
        public void checkpointed(long step) {}

        @Override
        public void published(long version) {}

        @Override
        public void collapsed(long step) {}

        @Override
        public void skipped(StreamSkipped skip) {}

        @Override
        public void brokerSilent() {}

        @Override
        public void brokerBack(Duration silence) {}

        @Override
        public void waiting(int have, int wanted) {}

        @Override
        public void leftOver(int images) {}
    }
}
