package org.millrace.trainer.stream;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.IntFunction;
import java.util.random.RandomGenerator;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.millrace.contract.CounterRandom;
import org.millrace.contract.CounterRandom.Purpose;
import org.millrace.contract.ImageOffset;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.Signals;
import org.millrace.contract.event.StepPlan;
import org.millrace.keystore.image.FileKey;
import org.millrace.keystore.image.ImageStore;
import org.millrace.trainer.TestRuns;
import org.millrace.trainer.gate.Gate;
import org.millrace.trainer.gate.GateContent;
import org.millrace.trainer.journal.JournalReader.JournalledPlan;
import org.millrace.trainer.journal.JournalReader.Past;

/** Steps prepared ahead, and after a restart, are what they are without either. */
@Timeout(300) // only a hang takes that long
final class PipelineTest {
    private static final long STEPS = 48;
    private static final int DIMENSION = 6;
    private static final int CAPACITY = 40;
    private static final int FURTHEST_BACK = 3; // steps, of a checkpoint that is gone back to

    @TempDir
    private static Path folder;

    private TestLog topic = log();

    /** What a plan takes from other topics, by the number of plans before it. */
    private IntFunction<Optional<Signals>> signals = planned -> Optional.empty();

    /** Where a run stands after a step. */
    private record Checkpoint(
            StreamPosition position,
            ReplayContent buffer,
            long offered,
            Optional<FreshShareContent> share,
            GateContent gate) {
        static final Checkpoint START =
                new Checkpoint(StreamPosition.START, ReplayContent.EMPTY, 0, Optional.empty(), GateContent.EMPTY);

        void restore(ReplayBuffer replay) {
            replay.restore(buffer, offered);
            share.ifPresent(replay::restoreShare);
        }
    }

    /** What became of a run: each step's batch and views, and where it stood after each. */
    private static final class Run {
        private final Map<Long, List<ImageOffset>> batches = new HashMap<>();
        private final Map<Long, Long> views = new HashMap<>();
        private final Map<Long, List<Optional<ImageOffset>>> secondFrom = new HashMap<>();
        private final Map<Long, List<OptionalLong>> segments = new HashMap<>();
        private final Map<Long, Double> shares = new HashMap<>();
        private final Map<Long, Integer> fresh = new HashMap<>(); // images of each batch that are new or short-term
        private final Map<Long, Checkpoint> checkpoints = new HashMap<>(Map.of(0L, Checkpoint.START));
        private final List<JournalledPlan> journal = new CopyOnWriteArrayList<>();
        private final Path images = newFolder();

        // of each step, the last one
        List<StepPlan> plans() {
            Map<Long, StepPlan> plans = new TreeMap<>();
            journal.forEach(journalled -> plans.put(journalled.plan().step(), journalled.plan()));
            return plans.values().stream().filter(plan -> plan.step() <= STEPS).toList();
        }

        Checkpoint after(long step) {
            return Objects.requireNonNull(checkpoints.get(step));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "fifo, none, 1, reservoir",
        "reservoir, none, 1, reservoir",
        "min-red, none, 1, reservoir",
        "reservoir, uniform, 0.6, reservoir",
        "min-red, novelty, 0.5, reservoir",
        "two-tier, none, 0.25, reservoir",
        "two-tier, uniform, 0.3, min-red",
        "two-tier, none, 0.25, high-loss"
    })
    void next_killedAgainAndAgain_sameBatchesAsUninterrupted(
            String policy, String gate, String freshShare, String longTerm) throws InterruptedException {
        boolean twoTier = policy.equals("two-tier");
        MillraceConfig config = config(
                policy,
                "trainer.prefetch-batches=3",
                "stream.gate=" + gate,
                "stream.gate-share=0.5",
                "replay.fresh-share=" + freshShare,
                "replay.long-term=" + longTerm,
                "replay.share-rate=0.01",
                "replay.updates-per-batch=" + (twoTier ? 1 : 3));
        Run straight = new Run();
        train(config, straight, Checkpoint.START, STEPS, CounterRandom.of(41, 0, Purpose.SHUFFLE, 0));

        Run killed = new Run();
        trainKilledAgainAndAgain(config, killed);
        assertThat(killed.batches).isEqualTo(straight.batches).hasSize((int) STEPS);
        assertThat(killed.views).isEqualTo(straight.views);
        assertThat(killed.plans()).isEqualTo(straight.plans());
        assertThat(straight.plans().stream().anyMatch(plan -> plan.skipped() > 0))
                .isEqualTo(gate.equals("uniform"));
        assertThat(killed.after(STEPS)).usingRecursiveComparison().isEqualTo(straight.after(STEPS));
        assertThat(killed.shares).isEqualTo(straight.shares).hasSize(twoTier ? (int) STEPS : 0);
        straight.batches.values().forEach(batch -> assertThat(batch).doesNotHaveDuplicates());
        if (twoTier) {
            assertShares(straight, Double.parseDouble(freshShare));
        }
    }

    /** The share moves between its bounds; each image is new once; a batch has as many fresh images as its share says. */
    private static void assertShares(Run run, double least) {
        assertThat(Set.copyOf(run.shares.values())).hasSizeGreaterThan((int) STEPS / 2);
        Set<ImageOffset> seen = new HashSet<>();
        for (StepPlan plan : run.plans()) {
            List<ImageOffset> batch = Objects.requireNonNull(run.batches.get(plan.step()));
            List<ImageOffset> brought = batch.subList(0, plan.images());
            assertThat(seen).doesNotContainAnyElementsOf(brought);
            seen.addAll(brought);
            assertThat(seen).containsAll(batch);
            double share = Objects.requireNonNull(run.shares.get(plan.step()));
            assertThat(share).isBetween(least, 0.75);
            if (plan.step() > 3) { // there are enough long-term ones
                assertThat(plan.images()).isEqualTo((int) Math.round(least * TestRuns.BATCH));
                assertThat(run.fresh.get(plan.step()))
                        .as("of step %d", plan.step())
                        .isEqualTo((int) Math.round(share * TestRuns.BATCH));
            }
        }
    }

    /** Of eight plans in a row the gate is open for the last four: what it was stands in the plan. */
    @Test
    void next_gateOpenNowAndThenKilledAgainAndAgain_sameBatchesAsUninterrupted() throws InterruptedException {
        signals = planned -> Signals.of(OptionalDouble.empty(), OptionalDouble.empty(), planned % 8 >= 4);
        MillraceConfig config = config("fifo", "stream.gate=uniform", "stream.gate-share=0.5");
        Run straight = new Run();
        train(config, straight, Checkpoint.START, STEPS, CounterRandom.of(41, 0, Purpose.SHUFFLE, 0));
        Run killed = new Run();
        trainKilledAgainAndAgain(config, killed);
        assertThat(killed.batches).isEqualTo(straight.batches).hasSize((int) STEPS);
        assertThat(killed.plans()).isEqualTo(straight.plans());
        assertThat(killed.after(STEPS)).usingRecursiveComparison().isEqualTo(straight.after(STEPS));
        List<StepPlan> fresh = straight.plans().stream().filter(StepPlan::fresh).toList();
        assertThat(fresh).hasSizeGreaterThan(8).allSatisfy(plan -> {
            boolean open = (plan.step() - 1) % 8 >= 4;
            assertThat(Signals.isGateOpen(plan.signals())).isEqualTo(open);
            assertThat(plan.skipped()).as("step %d", plan.step()).isBetween(0, open ? 0 : TestRuns.BATCH * 3);
        });
        assertThat(fresh).anyMatch(plan -> plan.skipped() > 0);
    }

    @ParameterizedTest
    @CsvSource({"none, 5", "uniform, 5", "novelty, 5", "none, 1"})
    void next_framesAsViewsKilledAgainAndAgain_sameViewsAsUninterrupted(String gate, int clip)
            throws InterruptedException {
        MillraceConfig config = config(
                "reservoir",
                "trainer.prefetch-batches=3",
                "views.temporal=auto",
                "stream.gate=" + gate,
                "stream.gate-share=0.5",
                "replay.fresh-share=0.6");
        topic = clips(2, 1_000, clip);
        Checkpoint begun = new Checkpoint(
                StreamPosition.START, ReplayContent.EMPTY, 0, Optional.empty(), thatKnowsTheSources(config));
        Run straight = new Run();
        train(config, straight, begun, STEPS, CounterRandom.of(41, 0, Purpose.SHUFFLE, 0));

        Run killed = new Run();
        killed.checkpoints.put(0L, begun);
        trainKilledAgainAndAgain(config, killed);
        assertThat(killed.batches).isEqualTo(straight.batches).hasSize((int) STEPS);
        assertThat(killed.secondFrom).isEqualTo(straight.secondFrom);
        assertThat(killed.segments).isEqualTo(straight.segments);
        assertThat(killed.views).isEqualTo(straight.views);
        assertThat(killed.after(STEPS)).usingRecursiveComparison().isEqualTo(straight.after(STEPS));

        long others = straight.secondFrom.values().stream()
                .flatMap(List::stream)
                .filter(Optional::isPresent)
                .count();
        long fresh = straight.plans().stream().mapToLong(StepPlan::images).sum();
        assertThat(others / (double) fresh).isBetween(clip == 1 ? 0.0 : 0.2, clip == 1 ? 0.05 : 0.6);
        straight.segments.values().forEach(segments -> assertThat(segments).allMatch(OptionalLong::isPresent));
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 4, 7})
    void next_anyNumberOfThreads_sameRunAsOnOne(int threads) throws InterruptedException {
        Run one = new Run();
        Run several = new Run();
        RandomGenerator random = CounterRandom.of(45, 0, Purpose.SHUFFLE, 0);
        train(config("reservoir", "trainer.prepare-threads=1"), one, Checkpoint.START, STEPS, random);
        train(config("reservoir", "trainer.prepare-threads=" + threads), several, Checkpoint.START, STEPS, random);
        assertThat(several.batches).isEqualTo(one.batches).hasSize((int) STEPS);
        assertThat(several.views).isEqualTo(one.views);
        assertThat(several.after(STEPS)).usingRecursiveComparison().isEqualTo(one.after(STEPS));
    }

    @Test
    void next_minRed_keepsOtherImagesThanTheNewest() throws InterruptedException {
        Run minRed = new Run();
        Run fifo = new Run();
        RandomGenerator random = CounterRandom.of(43, 0, Purpose.SHUFFLE, 0);
        train(config("min-red"), minRed, Checkpoint.START, STEPS, random);
        train(config("fifo"), fifo, Checkpoint.START, STEPS, random);
        assertThat(offsets(minRed)).hasSameSizeAs(offsets(fifo)).doesNotHaveDuplicates();
        assertThat(offsets(minRed)).anyMatch(image -> !offsets(fifo).contains(image));
    }

    @Test
    void next_minRedWithMorePrefetch_countsFeaturesLater() throws InterruptedException {
        Run early = new Run();
        Run late = new Run();
        RandomGenerator random = CounterRandom.of(44, 0, Purpose.SHUFFLE, 0);
        train(config("min-red", "trainer.prefetch-batches=1"), early, Checkpoint.START, STEPS, random);
        train(config("min-red", "trainer.prefetch-batches=4"), late, Checkpoint.START, STEPS, random);
        assertThat(late.after(STEPS).buffer().waiting()).hasSize(5);
        assertThat(early.after(STEPS).buffer().waiting()).hasSize(2);
        assertThat(late.batches).isNotEqualTo(early.batches);
    }

    @Test
    void close_whileWaitingForFeatures_returns() throws InterruptedException {
        MillraceConfig config = config("min-red", "trainer.prefetch-batches=1");
        Run run = new Run();
        try (ImageStore images = ImageStore.open(run.images);
                Pipeline pipeline = pipeline(config, run, Checkpoint.START, images)) {
            for (int step = 1; step <= 3; step++) {
                Optional<PreparedStep> prepared = pipeline.next();
                while (step <= 2 && prepared.isEmpty()) {
                    prepared = pipeline.next();
                }
                prepared.ifPresent(ready -> pipeline.release(ready.views()));
                assertThat(prepared.isPresent()).as("step %d", step).isEqualTo(step <= 2);
            }
        }
    }

    @Test
    void next_journalledPlansOnly_sameRunAndNoMoreFilesThanTheBufferNeeds() throws InterruptedException {
        MillraceConfig config = config("fifo");
        Run run = new Run();
        train(config, run, Checkpoint.START, STEPS, CounterRandom.of(46, 0, Purpose.SHUFFLE, 0));
        List<JournalledPlan> past = run.plans().stream()
                .map(plan -> new JournalledPlan(plan, plan.step()))
                .toList();
        Map<Long, Long> views = new HashMap<>();
        ReplayBuffer buffer = ReplayBuffer.of(config);
        try (ImageStore images = ImageStore.open(folder.resolve("alone"))) {
            try (Pipeline pipeline = new Pipeline(
                            config,
                            topic.open(Map.of(), 1 << 20, 5).consumer(),
                            new StreamState(StreamPosition.START, buffer, Optional.of(images), new Gate(config)),
                            PlanSource.ofJournal(new Past(past, Optional.empty())),
                            StreamEvents.NONE)
                    .start()) {
                while (!pipeline.ended()) {
                    Optional<PreparedStep> next = pipeline.next();
                    next.ifPresent(step -> {
                        views.put(step.plan().step(), checksum(step.views()));
                        pipeline.release(step.views());
                    });
                }
            }
            assertThat(views).isEqualTo(run.views);
            assertThat(images.lacking(buffer.content().needed())).isEmpty();
            assertThat(buffer.offered()).isGreaterThan(3 * CAPACITY);
            assertThat(images.release(STEPS, Set.of())).isBetween(CAPACITY, 2 * CAPACITY + TestRuns.BATCH);
        }
    }

    private void trainKilledAgainAndAgain(MillraceConfig config, Run killed) throws InterruptedException {
        RandomGenerator random = CounterRandom.of(42, 0, Purpose.SHUFFLE, 0);
        long at = 0;
        while (at < STEPS) {
            long until = Math.min(STEPS, at + 1 + random.nextInt(9));
            train(config, killed, killed.after(at), until, random);
            at = until == STEPS ? STEPS : until - random.nextInt(3); // back to an earlier checkpoint
        }
    }

    /** Computes steps up to {@code until} with features that a network might give, at a random pace; then leaves as if killed. */
    private void train(MillraceConfig config, Run run, Checkpoint from, long until, RandomGenerator pace)
            throws InterruptedException {
        ReplayBuffer buffer = ReplayBuffer.of(config);
        from.restore(buffer);
        Gate gate = gate(config, from);
        try (ImageStore images = ImageStore.open(run.images);
                Pipeline pipeline = pipeline(config, run, from, images)) {
            long step = from.position().step();
            while (step < until) {
                Optional<PreparedStep> next = pipeline.next();
                if (next.isEmpty()) {
                    assertThat(pipeline.ended())
                            .as("stream ended before step %d", until)
                            .isFalse();
                    continue;
                }
                PreparedStep prepared = next.get();
                step = prepared.plan().step();
                run.batches.put(step, prepared.images());
                run.views.put(step, checksum(prepared.views()));
                run.secondFrom.put(step, prepared.secondFrom());
                run.segments.put(step, prepared.segments());
                run.fresh.put(step, prepared.freshImages());
                if (prepared.freshShare().isPresent()) {
                    run.shares.put(step, prepared.freshShare().getAsDouble());
                }
                Thread.sleep(pace.nextInt(4));
                gate.apply(prepared.judged());
                buffer.apply(step, prepared.bufferChanges(), prepared.bufferOffered());
                if (buffer.learns()) {
                    TrainedStep trained = TrainedStep.of(
                            prepared, features(step, prepared.images()), losses(step, prepared.images()));
                    buffer.trained(trained);
                    pipeline.trained(trained);
                }
                pipeline.release(prepared.views());
                run.checkpoints.put(
                        step,
                        new Checkpoint(
                                prepared.position(),
                                buffer.content(),
                                buffer.offered(),
                                buffer.shareContent(),
                                gate.content()));
                Set<FileKey> needed = new HashSet<>();
                for (long kept = Math.max(0, step - FURTHEST_BACK); kept <= step; kept++) {
                    needed.addAll(run.after(kept).buffer().needed());
                }
                images.release(step, needed);
            }
        }
    }

    private Pipeline pipeline(MillraceConfig config, Run run, Checkpoint from, ImageStore images) {
        long step = from.position().step();
        List<JournalledPlan> past = run.journal.stream()
                .filter(journalled -> journalled.plan().step() > step)
                .toList();
        ReplayBuffer ahead = ReplayBuffer.of(config);
        from.restore(ahead);
        return new Pipeline(
                        config,
                        topic.open(Map.of(), 1 << 20, 5).consumer(),
                        new StreamState(from.position(), ahead, Optional.of(images), gate(config, from)),
                        PlanSource.ofStream(
                                new Past(past, Optional.empty()),
                                plan -> {
                                    run.journal.add(new JournalledPlan(plan, plan.step()));
                                    return CompletableFuture.completedFuture(plan.step());
                                },
                                () -> signals.apply(run.journal.size())),
                        StreamEvents.NONE)
                .start();
    }

    private static Path newFolder() {
        try {
            return Files.createTempDirectory(folder, "images");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Gate gate(MillraceConfig config, Checkpoint from) {
        Gate gate = new Gate(config);
        gate.restore(from.gate());
        return gate;
    }

    private static MillraceConfig config(String policy, String... more) {
        List<String> all = new ArrayList<>(List.of(
                "replay.policy=" + policy,
                "replay.capacity=" + CAPACITY,
                "replay.updates-per-batch=3",
                "run.data=" + folder));
        all.addAll(List.of(more));
        return TestRuns.config(all.toArray(new String[0]));
    }

    // images that follow each other resemble each other, as in a video; training moves them
    private static float[] features(long step, List<ImageOffset> images) {
        float[] first = new float[images.size() * DIMENSION];
        float[] second = new float[first.length];
        for (int i = 0; i < images.size(); i++) {
            RandomGenerator scene = CounterRandom.of(1, images.get(i).offset() / 10, Purpose.SHUFFLE, 0);
            RandomGenerator noise = CounterRandom.of(step, images.get(i).offset(), Purpose.SHUFFLE, 1);
            for (int j = i * DIMENSION; j < (i + 1) * DIMENSION; j++) {
                float base = (float) scene.nextGaussian();
                first[j] = base + 0.3f * (float) noise.nextGaussian();
                second[j] = base + 0.3f * (float) noise.nextGaussian();
            }
        }
        return TestFeatures.ofViews(first, second, DIMENSION);
    }

    // later images are harder, so that fresh ones get more and more places
    private static float[] losses(long step, List<ImageOffset> images) {
        float[] losses = new float[images.size()];
        for (int i = 0; i < losses.length; i++) {
            RandomGenerator noise = CounterRandom.of(step, images.get(i).offset(), Purpose.SHUFFLE, 2);
            losses[i] = (float) (images.get(i).offset() / 100.0 + noise.nextGaussian());
        }
        return losses;
    }

    private static long checksum(ViewBuffers views) {
        CRC32 sum = new CRC32();
        views.views().forEach(view -> sum.update(view.values().duplicate()));
        return sum.getValue();
    }

    private static List<ImageOffset> offsets(Run run) {
        return run.after(STEPS).buffer().images().stream()
                .map(kept -> kept.image().at())
                .toList();
    }

    /** What a gate remembers that has seen 400 images of each camera. */
    private static GateContent thatKnowsTheSources(MillraceConfig config) {
        Gate gate = new Gate(config);
        for (int i = 0; i < 800; i++) {
            byte[] thumbnail = new byte[16 * 16];
            int[] fields = fields(-1 - i);
            for (int place = 0; place < thumbnail.length; place++) {
                thumbnail[place] = (byte) fields[place / 64 * 4 + place % 16 / 4];
            }
            gate.judge(new ImageOffset(i % 2, i), "camera-" + i % 2, Optional.of(thumbnail), false);
        }
        return gate.content();
    }

    // frames of clips, 16×16 pixels of four by four fields with some noise
    private static TestLog clips(int partitions, int frames, int length) {
        TestLog topic = new TestLog(partitions);
        for (int frame = 0; frame < frames; frame++) {
            for (int partition = 0; partition < partitions; partition++) {
                int[] fields = fields(frame / length * partitions + partition);
                RandomGenerator noise = CounterRandom.of(frame, partition, Purpose.SHUFFLE, 2);
                byte[] file = TestLog.image(16, (x, y) -> Math.min(255, fields[y / 4 * 4 + x / 4] + noise.nextInt(6)));
                topic.add(partition, frame, partitions * frame + partition, file);
            }
        }
        return topic;
    }

    private static int[] fields(long scene) {
        RandomGenerator random = CounterRandom.of(3, scene, Purpose.SHUFFLE, 0);
        return random.ints(16, 0, 256).toArray();
    }

    private static TestLog log() {
        TestLog topic = new TestLog(1);
        for (int offset = 0; offset < 400; offset++) {
            topic.add(0, offset, offset, offset % 17 == 5 ? TestLog.TEXT : TestLog.image(offset % 256));
        }
        return topic;
    }
}
