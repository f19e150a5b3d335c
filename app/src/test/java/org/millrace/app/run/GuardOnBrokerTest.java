package org.millrace.app.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.millrace.app.run.Commands.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.millrace.app.broker.EmbeddedBroker;
import org.millrace.contract.RunTopics;
import org.millrace.contract.config.BrokerConfig;
import org.millrace.contract.event.DriftAlarm;
import org.millrace.contract.event.Evaluation;
import org.millrace.contract.event.Evaluation.LinearScore;
import org.millrace.contract.event.Evaluation.NeighbourScore;
import org.millrace.contract.event.Json;
import org.millrace.contract.event.OldDomain;
import org.millrace.contract.event.Signals;
import org.millrace.contract.event.StepPlan;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.weights.Safetensors;
import org.millrace.trainer.CrashingTrainer;
import org.millrace.trainer.journal.JournalReader;

/** Runs with a guard, and with signals in their plans, on a real broker: killed, computed again, and with teachers that are not there. */
class GuardOnBrokerTest {
    private static final int STEPS = 12;

    @TempDir
    private static Path data;

    private static EmbeddedBroker broker;
    private static Commands commands;

    @BeforeAll
    static void trainTheRunOfTheTeachers() {
        broker = EmbeddedBroker.start(data.resolve("kafka"), new BrokerConfig(0, -1), "test");
        commands = new Commands(broker::bootstrapServers, data);
        commands.good("push", Commands.SAMPLE, Commands.batches(2 * STEPS));
        commands.good("train", "--until-step=6", run("source", "--set=trainer.publish-every-steps=2"));
        commands.good("encoders", "revoke", "4", "--run=source", "--reason=blurred");
    }

    @AfterAll
    static void stopBroker() {
        broker.close();
    }

    @Test
    void train_pinnedTeacherMissingOrRevoked_refusedWithNothingTouched() {
        for (Map.Entry<String, String> teacher : Map.of(
                        "pinned:source@5",
                                "run source has no encoder 5 on the topic source.encoders; there are [0, 2, 4, 6]",
                        "pinned:source@4", "encoder 4 of run source is revoked: blurred",
                        "pinned:6", "run refused has published no encoder",
                        "pinned:nobody@1", "run nobody has published no encoder")
                .entrySet()) {
            String[] settings = settings("refused", List.of("guard.teacher=" + teacher.getKey()));
            assertThat(commands.bad("train", "--until-step=2", settings))
                    .contains("guard.teacher=" + teacher.getKey() + " cannot be used: ", teacher.getValue());
            assertThat(commands.folder("refused")).doesNotExist();
        }
        assertThat(commands.bad(
                        "train",
                        "--until-step=2",
                        settings("refused", List.of("guard.teacher=pinned:source@6", "encoder.channels=3"))))
                .contains("is another network than this run's");
    }

    @Test
    void train_guardSetInMidRun_goesOnAndARestartNeedsNoTopic() throws IOException {
        commands.good("train", "--until-step=5", run("later", "--set=trainer.publish-every-steps=2"));
        String[] pinned = settings("later", List.of("guard.teacher=pinned:4", "trainer.publish-every-steps=2"));
        commands.good("train", "--until-step=8", pinned);
        commands.good("encoders", "revoke", "4", "--run=later");
        commands.good("train", "--until-step=10", pinned); // the checkpoint has the teacher
        assertThat(commands.good("replay", "--run=later", "--from=8", "--set=guard.teacher=pinned:4"))
                .contains("equal");
        Path file = data.resolve("later.safetensors");
        commands.good("export", "--format=safetensors", "--out=" + file, "--run=later");
        assertThat(Safetensors.parse(Files.readAllBytes(file)).names()).noneMatch(name -> name.contains("guard"));
        commands.good("train", "--until-step=12", settings("later", List.of("guard.teacher=initial")));
        assertThat(commands.good("audit", "--run=later")).contains("lost 0, trained twice 0");
    }

    @Test
    void train_severalSlots_replayedToTheBit() {
        String teacher = "pinned:source@6";
        String name = "slots";
        String[] slots = settings(
                name,
                List.of(
                        "guard.teacher=" + teacher,
                        "guard.hidden=8",
                        "replay.policy=none",
                        "rounds.slots=2",
                        "rounds.steps=2"));
        commands.good("train", "--until-step=8", slots);
        commands.good("train", "--until-step=12", slots); // another process, which reads the teacher again
        assertThat(commands.good("replay", slots)).contains("equal");
        String[] changed =
                settings(name, List.of("guard.teacher=none", "replay.policy=none", "rounds.slots=2", "rounds.steps=2"));
        assertThat(commands.bad("train", "--until-step=14", changed)).contains("guard.teacher: " + teacher + " → none");
    }

    /** λ of a step is that of the evaluations when it was planned, whatever comes later: killed, computed again and replayed. */
    @Test
    void train_lambdaRaisedMeanwhile_isInThePlansAndComputedAgainToTheSameBits() throws Exception {
        int most = 24;
        // with the teacher that moves; the others are constant, and a restart with one is above
        List<String> guard = List.of("guard.teacher=ema", "guard.half-life=4", "guard.hidden=8", "guard.old-probe=old");
        String[] run = settings("raised", guard);
        commands.good("train", "--until-step=6", run);
        evaluated("raised", 6, 5);
        String[] arguments = Stream.concat(
                        Stream.of(
                                broker.bootstrapServers(),
                                "COMPUTED",
                                "15",
                                "10",
                                String.valueOf(most),
                                "run.name=raised"),
                        Stream.concat(commands.settings(), guard.stream()))
                .toArray(String[]::new);
        try (TrainerChild child = TrainerChild.start(CrashingTrainer.class, arguments)) {
            assertThat(child.await()).as("it did not come to its moment").isEqualTo(137);
        }
        SortedMap<Long, OptionalDouble> planned = signals("raised", Signals::guardWeight);
        assertThat(List.copyOf(planned.values()))
                .startsWith(OptionalDouble.empty())
                .endsWith(OptionalDouble.of(5))
                .doesNotContain(OptionalDouble.of(10));
        evaluated("raised", 9, 10);
        evaluated("raised", 3, 2); // an older version, scored late
        commands.good("train", "--until-step=" + most, run);
        SortedMap<Long, OptionalDouble> all = signals("raised", Signals::guardWeight);
        assertThat(all.headMap(planned.lastKey() + 1)).isEqualTo(planned);
        assertThat(all.tailMap(planned.lastKey() + 1).values()).isNotEmpty().allMatch(OptionalDouble.of(10)::equals);
        assertThat(RunStates.results(kafka(), "raised"))
                .as("computed twice to the same")
                .hasSize(most);
        assertThat(commands.good("replay", "--run=raised")).contains(most + " losses, 6 digests: all equal to the bit");
        assertThat(commands.good("audit", "--run=raised")).contains("lost 0, trained twice 0");
        assertThat(commands.bad("replay", "--run=raised", "--set=guard.weight=2"))
                .contains("step ");
    }

    /** While an alarm is open, batches have the share of fresh images that the plans say. */
    @Test
    void train_driftAlarmOpensAndIsCleared_shareIsInThePlansAndReplayed() throws Exception {
        String[] run = settings(
                "drifting",
                List.of(
                        "replay.policy=two-tier",
                        "replay.fresh-share=0.25",
                        "replay.share-rate=0.01",
                        "replay.drift-share=0.75",
                        "stream.gate=uniform",
                        "stream.gate-share=0.8",
                        "stream.gate-drift=keep"));
        commands.good("train", "--until-step=10", run);
        alarm("drifting", DriftAlarm.State.RAISED, Optional.of("gate3")); // of one source alone
        commands.good("train", "--until-step=12", run);
        alarm("drifting", DriftAlarm.State.RAISED, Optional.empty());
        commands.good("train", "--until-step=20", run);
        alarm("drifting", DriftAlarm.State.CLEARED, Optional.empty());
        commands.good("train", "--until-step=22", run);
        SortedMap<Long, OptionalDouble> shares = signals("drifting", Signals::freshShare);
        long first = shares.entrySet().stream()
                .filter(entry -> entry.getValue().isPresent())
                .findFirst()
                .orElseThrow()
                .getKey();
        assertThat(first)
                .as("what was planned before is computed as it was planned")
                .isGreaterThan(12);
        assertThat(shares.get(20L)).hasValue(0.75);
        assertThat(shares.get(shares.lastKey())).isEmpty();
        SortedMap<Long, StepPlan> plans = plans("drifting");
        assertThat(plans.get(20L)).as("the gate is open then").matches(plan -> Signals.isGateOpen(plan.signals()));
        assertThat(plans.values())
                .filteredOn(plan -> Signals.isGateOpen(plan.signals()))
                .allMatch(plan -> plan.skipped() == 0);
        assertThat(plans.get(plans.lastKey())).matches(plan -> !Signals.isGateOpen(plan.signals()));
        assertThat(plans.values()).anyMatch(plan -> plan.skipped() > 0);
        assertThat(commands.good("replay", run)).contains("22 losses, 5 digests: all equal to the bit");
    }

    private static void alarm(String run, DriftAlarm.State state, Optional<String> source) throws Exception {
        send(new RunTopics(run).drift(), Json.write(new DriftAlarm(2, run, source, state, 1, List.of("mmd"), "", 1)));
    }

    private static void send(String topic, byte[] value) throws Exception {
        try (var producer = new KafkaProducer<byte[], byte[]>(kafka().producer(Map.of()))) {
            producer.send(new ProducerRecord<>(topic, value)).get();
        }
    }

    private static void evaluated(String run, long version, double weight) throws Exception {
        LinearScore linear = new LinearScore(0.5, 1, 1, true, Optional.empty(), Optional.empty());
        NeighbourScore neighbours = new NeighbourScore(0.5, 1, 0.1, Optional.empty(), Optional.empty());
        var evaluation = new Evaluation(
                Evaluation.SCHEMA,
                run,
                version,
                version,
                8 * version,
                2,
                10,
                10,
                linear,
                neighbours,
                1,
                1,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.of(new OldDomain(2, 10, 10, linear, neighbours, OptionalLong.of(0), 3, 1, weight)),
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
        send(run + ".evaluations", Json.write(evaluation));
    }

    private static SortedMap<Long, OptionalDouble> signals(String run, Function<Signals, OptionalDouble> which) {
        SortedMap<Long, OptionalDouble> signals = new TreeMap<>();
        plans(run)
                .forEach((step, plan) ->
                        signals.put(step, plan.signals().map(which).orElse(OptionalDouble.empty())));
        return signals;
    }

    private static SortedMap<Long, StepPlan> plans(String run) {
        SortedMap<Long, StepPlan> plans = new TreeMap<>();
        try (var consumer = new KafkaConsumer<byte[], byte[]>(kafka().consumer(Map.of()))) {
            new JournalReader(consumer, new RunTopics(run)).forEach(0, (event, offset) -> {
                if (event instanceof StepPlan plan) {
                    plans.put(plan.step(), plan);
                }
            });
        }
        return plans;
    }

    private static String[] settings(String run, List<String> settings) {
        return run(run, settings.stream().map(setting -> "--set=" + setting).toArray(String[]::new));
    }

    private static KafkaSettings kafka() {
        return PatientKafka.at(broker.bootstrapServers());
    }
}
