package org.millrace.trainer;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.millrace.app.broker.EmbeddedBroker;
import org.millrace.app.run.Commands;
import org.millrace.app.run.PatientKafka;
import org.millrace.contract.config.BrokerConfig;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.trainer.run.Moment;

/** Checkpoints are written in parallel with the steps; here the disk is slower than the steps. */
@Timeout(value = 15, unit = TimeUnit.MINUTES) // on a machine loaded tenfold the broker alone takes five
final class SlowCheckpointTest {
    @Test
    void train_checkpointsSlowerThanSteps_eachIsSaid(@TempDir Path data) throws Exception {
        var steps = new CountDownLatch(1); // up to the second checkpoint
        var pause = new CountDownLatch(1);
        var second = new CountDownLatch(1);
        List<Long> said = new CopyOnWriteArrayList<>();
        Moment.Listener slow = (moment, step) -> {
            if (moment == Moment.COMPUTED && step == 10) {
                steps.countDown();
            } else if (moment == Moment.WRITTEN) {
                await(step == 5 ? steps : pause);
            }
        };
        var events = new CrashingTrainer.Silence() {
            @Override
            public void waiting(int have, int wanted) {
                pause.countDown();
            }

            @Override
            public void checkpointed(long step) {
                said.add(step);
                if (step == 10) {
                    second.countDown();
                }
            }
        };
        try (EmbeddedBroker broker = EmbeddedBroker.start(data.resolve("kafka"), new BrokerConfig(0, -1), "test")) {
            Commands commands = new Commands(broker::bootstrapServers, data);
            commands.good("push", Commands.SAMPLE, Commands.batches(10)); // then it waits for more
            var config = new ConfigLoader()
                    .assignments(Stream.concat(commands.settings(), Stream.of("run.name=slow"))
                            .toList())
                    .load();
            var kafka = PatientKafka.at(broker.bootstrapServers());
            try (Trainer trainer = new Trainer(config, kafka, events, Clock.systemUTC(), slow)) {
                var stop = CompletableFuture.runAsync(() -> {
                    await(second);
                    trainer.stop(Trainer.STOP_PATIENCE);
                });
                trainer.run(new TrainLimits(OptionalLong.empty(), false));
                stop.get();
            }
        }
        assertThat(said).containsExactly(5L, 10L);
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
