package org.millrace.trainer.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.millrace.contract.CounterRandom;
import org.millrace.contract.ImageOffset;
import org.millrace.contract.UserException;
import org.millrace.contract.event.OffsetRange;
import org.millrace.contract.event.StepPlan;
import org.millrace.contract.event.StreamSkipped;
import org.millrace.trainer.TestRuns;
import org.millrace.trainer.gate.Gate;

final class BatchAssemblerTest {
    private static final Preparation PREPARATION =
            new Preparation(TestRuns.config(), LogDecoder.reading(TestRuns.config()));
    private static final int PLENTY = 1 << 20;

    private final List<Integer> leftOver = new ArrayList<>();
    private final StreamEvents events = new StreamEvents() {
        @Override
        public void waiting(int have, int wanted) {}

        @Override
        public void leftOver(int images) {
            leftOver.add(images);
        }

        @Override
        public void skipped(StreamSkipped skip) {}

        @Override
        public void brokerSilent() {}

        @Override
        public void brokerBack(Duration silence) {}
    };

    @Test
    void next_someAreNoImages_exactlyNImagesAndTheRestRejected() throws InterruptedException {
        TestLog topic = new TestLog(1);
        for (int offset = 0; offset < 10; offset++) {
            boolean text = offset == 2 || offset == 3;
            topic.add(0, offset, offset, text ? TestLog.TEXT : TestLog.image(offset));
        }
        BatchAssembler assembler = assembler(topic.open(Map.of(), PLENTY, 3), 4);
        FreshBatch first = next(assembler, 4, Map.of(0, 10L)).orElseThrow();
        assertThat(offsets(first)).containsExactly(at(0, 0), at(0, 1), at(0, 4), at(0, 5));
        assertThat(first.ranges()).containsExactly(new OffsetRange(0, 0, 6));
        assertThat(first.nextOffsets()).containsExactly(Map.entry(0, 6L));
        assertThat(first.rejections().stream().map(r -> r.image().at())).containsExactly(at(0, 2), at(0, 3));
        assertThat(first.rejections().get(0).reason()).startsWith("not an image: begins with ");
        assertThat(first.images().get(0).source()).isEqualTo("camera-0");
        assertPixelsBeside(first);

        FreshBatch second = next(assembler, 4, Map.of(0, 10L)).orElseThrow();
        assertThat(offsets(second)).containsExactly(at(0, 6), at(0, 7), at(0, 8), at(0, 9));
        assertThat(second.ranges()).containsExactly(new OffsetRange(0, 6, 10));
        assertThat(next(assembler, 4, Map.of(0, 10L))).isEmpty();
        assertThat(leftOver).containsExactly(0);
    }

    @Test
    void next_recordWithoutAValue_rejectedAsEmpty() throws InterruptedException {
        TestLog topic = new TestLog(1).add(0, 0, 0, new byte[0]).add(0, 1, 1, TestLog.image(1));
        FreshBatch batch = next(assembler(topic.open(Map.of(), PLENTY, 9), 1), 1, Map.of(0, 2L))
                .orElseThrow();
        assertThat(batch.rejections().get(0).reason()).isEqualTo("empty: it has no bytes");
        assertThat(batch.ranges()).containsExactly(new OffsetRange(0, 0, 2));
    }

    @Test
    void next_severalPartitions_oldestFirstInContiguousRanges() throws InterruptedException {
        TestLog topic = random(3, 40, 17);
        Map<Integer, Long> ends = Map.of(0, 40L, 1, 40L, 2, 40L);
        List<FreshBatch> batches = all(assembler(topic.open(Map.of(), PLENTY, 1000), 8), 8, ends);
        Map<Integer, Long> stand = new HashMap<>(Map.of(0, 0L, 1, 0L, 2, 0L));
        long newest = Long.MIN_VALUE;
        int images = 0;
        int rejected = 0;
        for (FreshBatch batch : batches) {
            assertThat(batch.images()).hasSize(8);
            assertPixelsBeside(batch);
            long covered = 0;
            for (OffsetRange range : batch.ranges()) {
                assertThat(range.from()).isEqualTo(stand.put(range.partition(), range.to()));
                covered += range.length();
            }
            assertThat(covered)
                    .isEqualTo(batch.images().size() + batch.rejections().size());
            assertThat(batch.nextOffsets()).isEqualTo(stand);
            assertThat(offsets(batch))
                    .isSortedAccordingTo(java.util.Comparator.comparingInt(ImageOffset::partition)
                            .thenComparingLong(ImageOffset::offset));
            long before = newest;
            assertThat(batch.images()).allMatch(image -> image.timestampMillis() >= before);
            newest = batch.images().stream()
                    .mapToLong(LoggedImage::timestampMillis)
                    .max()
                    .orElseThrow();
            images += batch.images().size();
            rejected += batch.rejections().size();
        }
        assertThat(images + rejected + leftOver.get(0))
                .isBetween(100, 120); // rejects of the unfinished batch are not counted
        assertThat(rejected).isPositive();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 1000})
    void again_plansOfAnotherRun_sameBatches(int maxPollRecords) throws InterruptedException {
        TestLog topic = random(3, 40, 18);
        Map<Integer, Long> ends = Map.of(0, 40L, 1, 40L, 2, 40L);
        List<FreshBatch> batches = all(assembler(topic.open(Map.of(), PLENTY, 5), 8), 8, ends);
        assertThat(batches).hasSizeGreaterThan(5);
        int from = 2; // in mid-stream, from the second batch's position
        BatchAssembler assembler =
                assembler(topic.open(batches.get(from - 1).nextOffsets(), PLENTY, maxPollRecords), 8);
        for (int i = from; i < batches.size(); i++) {
            FreshBatch batch = batches.get(i);
            FreshBatch again = assembler
                    .again(new StepPlan(i + 1, batch.ranges(), batch.images().size()), clock())
                    .orElseThrow();
            assertThat(offsets(again)).isEqualTo(offsets(batch));
            assertThat(again.images().stream().map(LoggedImage::file).toList())
                    .usingRecursiveComparison()
                    .isEqualTo(batch.images().stream().map(LoggedImage::file).toList());
            assertThat(again.nextOffsets()).isEqualTo(batch.nextOffsets());
            assertThat(again.rejections().stream().map(r -> r.image().at()))
                    .containsExactlyInAnyOrderElementsOf(
                            batch.rejections().stream().map(r -> r.image().at()).toList());
            assertPixelsBeside(again);
        }
    }

    @Test
    void again_rangeLargerThanAFullQueue_stillFetchedWhole() throws InterruptedException {
        TestLog topic = random(1, 30, 19);
        BatchAssembler live = assembler(topic.open(Map.of(), PLENTY, 100), 20);
        FreshBatch batch = next(live, 20, Map.of(0, 30L)).orElseThrow();
        BatchAssembler assembler = assembler(topic.open(Map.of(), 2 * TestLog.image(0).length, 1), 20);
        FreshBatch again = assertTimeoutPreemptively(
                Duration.ofMinutes(5),
                () -> assembler
                        .again(new StepPlan(1, batch.ranges(), 20), clock())
                        .orElseThrow());
        assertThat(offsets(again)).isEqualTo(offsets(batch));
    }

    @Test
    void again_gapsInTheLog_skipped() throws InterruptedException {
        TestLog topic = new TestLog(1);
        for (long offset : new long[] {0, 2, 3, 7}) { // between them, markers of transactions
            topic.add(0, offset, offset, TestLog.image((int) offset));
        }
        FreshBatch batch = next(assembler(topic.open(Map.of(), PLENTY, 2), 4), 4, Map.of(0, 8L))
                .orElseThrow();
        assertThat(batch.ranges()).containsExactly(new OffsetRange(0, 0, 8));
        FreshBatch again = assembler(topic.open(Map.of(), PLENTY, 3), 4)
                .again(new StepPlan(1, batch.ranges(), 4), clock())
                .orElseThrow();
        assertThat(offsets(again)).containsExactly(at(0, 0), at(0, 2), at(0, 3), at(0, 7));
    }

    @Test
    void again_logGivesAnotherCount_throws() throws InterruptedException {
        BatchAssembler assembler = assembler(random(1, 10, 20).open(Map.of(), PLENTY, 100), 8);
        assertThatThrownBy(() -> assembler.again(new StepPlan(3, List.of(new OffsetRange(0, 0, 2)), 8), clock()))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("step 3 was planned with 8 images");
    }

    @Test
    void again_recordsGoneSinceTheyWerePlanned_saysWhichAndThatTheyAreGone() throws InterruptedException {
        TestLog topic = new TestLog(1);
        for (long offset : new long[] {0, 2, 3, 7}) { // 1, 4, 5 and 6 were compacted away, or are markers
            topic.add(0, offset, offset, TestLog.image((int) offset));
        }
        for (int planned = 5; planned <= 8; planned++) {
            StepPlan plan = new StepPlan(3, List.of(new OffsetRange(0, 0, 8)), planned);
            int lacking = planned - 4;
            assertThatThrownBy(
                            () -> assembler(topic.open(Map.of(), PLENTY, 3), 8).again(plan, clock()))
                    .isInstanceOfSatisfying(
                            LogGapException.class,
                            gap -> assertThat(gap.diverged()).isEmpty())
                    .hasMessageContaining("step 3 planned to train " + planned
                            + " images, of which images no longer holds " + lacking
                            + ": there is no record at 0/1, 0/4, 0/5, 0/6 (partition/offset)");
        }
    }

    @Test
    void again_fewerImagesThanPlannedThoughNoRecordIsGone_isNoGap() throws InterruptedException {
        TestLog topic = new TestLog(1);
        for (int offset = 0; offset < 4; offset++) {
            topic.add(0, offset, offset, offset == 1 ? TestLog.TEXT : TestLog.image(offset));
        }
        assertThatThrownBy(() -> assembler(topic.open(Map.of(), PLENTY, 3), 4)
                        .again(new StepPlan(1, List.of(new OffsetRange(0, 0, 4)), 4), clock()))
                .isNotInstanceOf(LogGapException.class)
                .hasMessageContaining("step 1 was planned with 4 images, but the log gives 3");
    }

    @Test
    void again_planElsewhere_throws() throws InterruptedException {
        BatchAssembler assembler = assembler(random(1, 10, 21).open(Map.of(), PLENTY, 100), 8);
        assertThatThrownBy(() -> assembler.again(new StepPlan(1, List.of(new OffsetRange(0, 5, 9)), 4), clock()))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("stands at 0, but the journal's plan begins at 5");
        assertThatThrownBy(() -> assembler.again(new StepPlan(1, List.of(new OffsetRange(4, 0, 9)), 4), clock()))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("the journal names partition 4 of images");
    }

    @Test
    void next_streamEndsInMidBatch_leftOver() throws InterruptedException {
        TestLog topic = new TestLog(1);
        for (int offset = 0; offset < 6; offset++) {
            topic.add(0, offset, offset, TestLog.image(offset));
        }
        BatchAssembler assembler = assembler(topic.open(Map.of(), PLENTY, 100), 4);
        assertThat(next(assembler, 4, Map.of(0, 6L))).isPresent();
        assertThat(leftOver).isEmpty();
        assertThat(next(assembler, 4, Map.of(0, 6L))).isEmpty();
        assertThat(leftOver).containsExactly(2);
    }

    @Test
    void next_stopped_noBatch() throws InterruptedException {
        TestLog.Opened opened = new TestLog(1).open(Map.of(), PLENTY, 100);
        var assembler = new BatchAssembler(
                opened.log(),
                PREPARATION,
                new Gate(TestRuns.config()),
                new OtherFrames(TestRuns.config()),
                4,
                () -> true,
                Optional.empty());
        assertThat(assembler.next(4, false, Optional.empty(), events, clock())).isEmpty();
        assertThat(leftOver).as("stopping is no end of the stream").isEmpty();
        assertThat(assembler.again(new StepPlan(1, List.of(new OffsetRange(0, 0, 9)), 9), clock()))
                .isEmpty();
    }

    @Test
    void poll_queueFull_partitionPausedUntilHalfIsTaken() throws InterruptedException {
        TestLog topic = new TestLog(2);
        byte[] file = TestLog.image(0);
        for (int offset = 0; offset < 20; offset++) {
            topic.add(0, offset, offset, file);
        }
        topic.add(1, 0, 1000, file);
        TestLog.Opened opened = topic.open(Map.of(), 4 * file.length, 1);
        for (int i = 0; i < 50; i++) {
            opened.log().poll(Duration.ZERO);
        }
        var full = new TopicPartition(TestLog.TOPIC, 0);
        assertThat(opened.consumer().paused()).containsExactly(full);
        assertThat(opened.consumer().position(full)).as("one image above four").isEqualTo(5);
        assertThat(opened.consumer().position(new TopicPartition(TestLog.TOPIC, 1)))
                .isEqualTo(1);

        int taken = 0;
        while (!opened.consumer().paused().isEmpty()) {
            assertThat(opened.log().takeOldest().orElseThrow().at()).isEqualTo(at(0, taken++));
        }
        assertThat(taken).isEqualTo(4); // one image is less than half of four
        opened.log().poll(Duration.ZERO);
        assertThat(opened.consumer().position(full)).isEqualTo(6);
    }

    @Test
    void poll_retentionRemovedThePosition_saysWhatIsGone() throws InterruptedException {
        TestLog.Opened opened = random(1, 10, 22).open(Map.of(0, 2L), PLENTY, 100);
        opened.consumer().updateBeginningOffsets(Map.of(new TopicPartition(TestLog.TOPIC, 0), 5L));
        assertThatThrownBy(() -> next(assembler(opened, 4), 4, Map.of(0, 10L)))
                .isInstanceOf(LogGapException.class)
                .hasMessageContaining("images no longer holds offset 2 of partition 0")
                .hasMessageContaining("--on-gap");
    }

    private BatchAssembler assembler(TestLog.Opened opened, int batchSize) {
        return new BatchAssembler(
                opened.log(),
                PREPARATION,
                new Gate(TestRuns.config()),
                new OtherFrames(TestRuns.config()),
                batchSize,
                () -> false,
                Optional.empty());
    }

    private Optional<FreshBatch> next(BatchAssembler assembler, int wanted, Map<Integer, Long> ends)
            throws InterruptedException {
        return assembler.next(wanted, false, Optional.of(ends), events, clock());
    }

    private List<FreshBatch> all(BatchAssembler assembler, int wanted, Map<Integer, Long> ends)
            throws InterruptedException {
        List<FreshBatch> batches = new ArrayList<>();
        for (var batch = next(assembler, wanted, ends); batch.isPresent(); batch = next(assembler, wanted, ends)) {
            batches.add(batch.get());
        }
        return batches;
    }

    // timestamps rise within a partition; one record in ten is no image
    private static TestLog random(int partitions, int records, long seed) {
        System.out.println("seed " + seed);
        TestLog topic = new TestLog(partitions);
        for (int partition = 0; partition < partitions; partition++) {
            RandomGenerator random = CounterRandom.of(seed, 0, CounterRandom.Purpose.SHUFFLE, partition);
            long timestamp = 0;
            for (int offset = 0; offset < records; offset++) {
                timestamp += 1 + random.nextInt(20);
                boolean text = random.nextInt(10) == 0;
                topic.add(partition, offset, timestamp, text ? TestLog.TEXT : TestLog.image(offset + 64 * partition));
            }
        }
        return topic;
    }

    // the grey value of a test image is its offset + 64 × partition
    private static void assertPixelsBeside(FreshBatch batch) {
        for (int i = 0; i < batch.images().size(); i++) {
            ImageOffset at = batch.images().get(i).at();
            assertThat(batch.decoded().get(i).pixels().orElseThrow().values()[0] & 0xff)
                    .isEqualTo((int) at.offset() + 64 * at.partition());
        }
    }

    private static List<ImageOffset> offsets(FreshBatch batch) {
        return batch.images().stream().map(LoggedImage::at).toList();
    }

    private static ImageOffset at(int partition, long offset) {
        return new ImageOffset(partition, offset);
    }

    private static StageClock clock() {
        return new StageClock(System::nanoTime);
    }
}
