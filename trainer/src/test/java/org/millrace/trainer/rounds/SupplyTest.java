package org.millrace.trainer.rounds;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.millrace.contract.event.OffsetRange;
import org.millrace.contract.event.RoundDealt;
import org.millrace.contract.event.RoundMerged;
import org.millrace.contract.kafka.LogIdentity;

class SupplyTest {
    private static final LogIdentity LOG = new LogIdentity("cluster", "topic");

    @Test
    void deal_twoPartitions_eachSlotGetsAPieceOfEachInProportion() {
        List<List<OffsetRange>> hands = Supply.WHOLE.deal(2, 30, Map.of(0, 0L, 1, 0L), Map.of(0, 80L, 1, 40L));
        assertThat(hands)
                .containsExactly(
                        List.of(new OffsetRange(0, 0, 20), new OffsetRange(1, 0, 10)),
                        List.of(new OffsetRange(0, 20, 40), new OffsetRange(1, 10, 20)));
    }

    @Test
    void deal_lessThanWanted_dealsAllOfIt() {
        List<List<OffsetRange>> hands = Supply.WHOLE.deal(4, 100, Map.of(0, 5L), Map.of(0, 12L));
        assertThat(hands.stream()
                        .flatMap(List::stream)
                        .mapToLong(OffsetRange::length)
                        .sum())
                .isEqualTo(7);
        assertThat(hands.get(0)).containsExactly(new OffsetRange(0, 5, 6));
        assertThat(hands.get(3)).containsExactly(new OffsetRange(0, 10, 12));
    }

    @Test
    void after_rangesThatCameBack_areDealtFirst() {
        List<List<OffsetRange>> slots =
                List.of(List.of(new OffsetRange(0, 0, 50)), List.of(new OffsetRange(0, 50, 100)));
        Supply after =
                Supply.WHOLE.after(deal(slots), merge(slots, List.of(List.of(new OffsetRange(0, 45, 50)), List.of())));
        assertThat(after.left()).containsExactly(new OffsetRange(0, 45, 50));
        assertThat(after.nextOffsets()).containsExactly(Map.entry(0, 100L));
        assertThat(after.available(Map.of(), Map.of(0, 130L))).isEqualTo(35);
        assertThat(after.deal(1, 10, Map.of(), Map.of(0, 130L)))
                .containsExactly(List.of(new OffsetRange(0, 45, 50), new OffsetRange(0, 100, 105)));
    }

    /** Whatever is dealt and comes back, in the end each offset is trained once. */
    @Test
    void after_manyRoundsAtRandom_coversEachOffsetOnce() {
        long seed = System.nanoTime() & 0xffff;
        var random = new SplittableRandom(seed);
        Map<Integer, Long> ends = new HashMap<>();
        for (int partition = 0; partition < 5; partition++) {
            ends.put(partition, (long) random.nextInt(400));
        }
        Supply supply = Supply.WHOLE;
        Map<Integer, TreeMap<Long, Long>> trained = new TreeMap<>();
        for (int round = 0; round < 400 && supply.available(Map.of(), ends) > 0; round++) {
            List<List<OffsetRange>> slots = supply.deal(1 + random.nextInt(4), 1 + random.nextInt(60), Map.of(), ends);
            List<List<OffsetRange>> left = new ArrayList<>();
            for (List<OffsetRange> slot : slots) {
                List<OffsetRange> back = new ArrayList<>();
                for (OffsetRange range : slot) {
                    long cut = random.nextInt(3) == 0 ? range.from() + random.nextLong(range.length() + 1) : range.to();
                    if (cut < range.to()) {
                        back.add(new OffsetRange(range.partition(), cut, range.to()));
                    }
                    if (cut > range.from()) {
                        Long before = trained.computeIfAbsent(range.partition(), any -> new TreeMap<>())
                                .put(range.from(), cut);
                        assertThat(before).as("seed %d", seed).isNull();
                    }
                }
                left.add(back);
            }
            supply = supply.after(deal(slots), merge(slots, left));
        }
        Supply last = supply;
        ends.forEach((partition, end) -> {
            long at = 0;
            for (Map.Entry<Long, Long> range :
                    trained.getOrDefault(partition, new TreeMap<>()).entrySet()) {
                assertThat(range.getKey())
                        .as("seed %d, partition %d", seed, partition)
                        .isEqualTo(at);
                at = range.getValue();
            }
            assertThat(at)
                    .as("seed %d, partition %d, %s", seed, partition, last)
                    .isEqualTo(end);
        });
    }

    @Test
    void without_aPieceInTheMiddle_leavesBothSides() {
        assertThat(Supply.without(
                        List.of(new OffsetRange(3, 0, 10)),
                        List.of(new OffsetRange(3, 4, 6), new OffsetRange(2, 0, 9))))
                .containsExactly(new OffsetRange(3, 0, 4), new OffsetRange(3, 6, 10));
    }

    private static RoundDealt deal(List<List<OffsetRange>> slots) {
        return new RoundDealt(1, 0, 0, slots, LOG, 0);
    }

    private static RoundMerged merge(List<List<OffsetRange>> dealt, List<List<OffsetRange>> left) {
        List<RoundMerged.Slot> slots = new ArrayList<>();
        for (int slot = 0; slot < dealt.size(); slot++) {
            slots.add(new RoundMerged.Slot(slot, 0, 1, "name", "sha", "bits", 0, 0, left.get(slot), "cpu"));
        }
        return new RoundMerged(1, 0, 0, slots, "digest", 0, 0, 0);
    }
}
