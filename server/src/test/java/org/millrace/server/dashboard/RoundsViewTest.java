package org.millrace.server.dashboard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.JournalEvent;
import org.millrace.contract.event.Json;
import org.millrace.contract.event.OffsetRange;
import org.millrace.contract.event.RoundDealt;
import org.millrace.contract.event.RoundMerged;
import org.millrace.contract.event.SlotReady;
import org.millrace.contract.kafka.LogIdentity;

class RoundsViewTest {
    private static final long SEED = Long.getLong("millrace.seed", System.nanoTime() & 0xffff);
    private static final LogIdentity LOG = new LogIdentity("cluster", "topic");
    private static final int SLOTS = 4;
    private static final long EACH = 100; // offsets of a slot, of which the last ten come back
    private static final long MOST = Long.MAX_VALUE;

    private final RunView view = new RunView(several(SLOTS));
    private final LiveState live = new LiveState("s");

    static MillraceConfig several(int slots) {
        return new ConfigLoader().assignments(List.of("rounds.slots=" + slots)).load();
    }

    @Test
    void publish_roundUnderWay_saysWhichSlotIsReadyAndByWhom() {
        assertThat(published().at("/rounds/merged").asLong()).isZero();
        assertThat(published().at("/rounds/underWay").isNull()).isTrue();
        round(0);
        view.add(deal(1));
        view.add(ready(1, 0));
        view.add(ready(1, 2));
        JsonNode rounds = published().get("rounds");
        assertThat(rounds.at("/merged").asLong()).isEqualTo(1);
        assertThat(rounds.at("/slots").asInt()).isEqualTo(SLOTS);
        JsonNode round = rounds.get("underWay");
        assertThat(round.get("round").asLong()).isEqualTo(1);
        assertThat(round.get("dealtAtMillis").asLong()).isEqualTo(20_000);
        assertThat(round.get("dealt").asInt()).isEqualTo(SLOTS);
        assertThat(round.get("ready").asInt()).isEqualTo(2);
        assertThat(round.at("/slots/2/worker").asText()).isEqualTo("worker 0");
        assertThat(round.at("/slots/2/seconds").asDouble()).isEqualTo(6);
        assertThat(round.at("/slots/2/afterSeconds").asDouble()).isEqualTo(7);
        assertThat(round.at("/slots/1/worker").isNull()).isTrue();
    }

    /** Slots 0 to 3 take 4, 5, 6 and 7 s; worker 0 computes 0 and 2, worker 1 the others; a round lasts 15 s. */
    @Test
    void publish_mergedRounds_sayHowTheirTimeWasSpent() {
        round(0);
        round(1);
        JsonNode rounds = published().get("rounds");
        assertThat(rounds.at("/underWay").isNull()).isTrue();
        assertThat(rounds.at("/usualSeconds").asDouble()).isEqualTo(15);
        assertThat(rounds.at("/lateSeconds").asDouble())
                .as("1.5 times the median of 5, 6, 7 and 8")
                .isEqualTo(10.5);
        JsonNode last = rounds.get("last");
        assertThat(last.get("round").asLong()).isEqualTo(1);
        assertThat(last.get("medianSeconds").asDouble()).isEqualTo(6);
        assertThat(last.get("slowestSeconds").asDouble()).isEqualTo(7);
        assertThat(last.get("slowestSlot").asInt()).isEqualTo(3);
        assertThat(last.get("workers").asInt()).isEqualTo(2);
        assertThat(last.get("waiting").asDouble()).isCloseTo(1 - 22.0 / 30, within(1e-9));
        assertThat(last.get("change").asDouble()).isEqualTo(2);
        assertThat(last.get("moved").asDouble()).isEqualTo(3);
        JsonNode worker = rounds.at("/workers/1");
        assertThat(worker.get("name").asText()).isEqualTo("worker 1");
        assertThat(worker.get("slots").asLong()).isEqualTo(4);
        assertThat(worker.get("imagesPerSecond").asDouble()).isEqualTo(4 * 90 / 24.0);
        assertThat(worker.get("round").asLong()).isEqualTo(1);
        assertThat(worker.get("slot").asInt()).isEqualTo(3);
        assertThat(worker.get("seenMillis").asLong()).isEqualTo(28_000);
        assertThat(published().at("/roundHistory/rows")).hasSize(2);
        assertThat(published().at("/roundHistory/rows/1/images").asLong()).isEqualTo(2 * SLOTS * 90);
    }

    /** The lag of a run of several trainers was the whole log: its journal has no plans. */
    @Test
    void lagAndRate_ofRounds_countWhatWasMergedAndWhatCameBack() {
        round(0);
        round(1);
        assertThat(view.trainedTo(0, 0)).isEqualTo(2 * SLOTS * EACH);
        assertThat(view.left()).isEqualTo(2 * SLOTS * 10);
        view.add(
                new RoundDealt( // slot 0 gets what came back to slot 0 of round 0, and ten new ones
                        1,
                        2,
                        1,
                        List.of(List.of(range(90, 100), range(800, 810)), List.of(), List.of(), List.of()),
                        LOG,
                        40_000));
        view.add(merge(2, List.of(slot(2, 0, 20, List.of()))));
        assertThat(view.trainedTo(0, 0)).isEqualTo(810);
        assertThat(view.left()).isEqualTo(2 * SLOTS * 10 - 10);
        assertThat(view.imagesPerSecond(0)).as("740 images in 55 s").isEqualTo(OptionalDouble.of(740 / 55.0));
        assertThat(view.imagesPerSecond(55_000 + 3 * 15_000)).isPresent();
        assertThat(view.imagesPerSecond(55_001 + 3 * 15_000))
                .as("three rounds later")
                .isEmpty();
    }

    @Test
    void publish_processThatContributesNoMore_isNamedAsAway() {
        round(0);
        for (int round = 1; round <= 4; round++) {
            assertThat(published().at("/rounds/workers/1/present").asBoolean())
                    .as("round %d", round)
                    .isEqualTo(round <= 3);
            view.add(deal(round));
            List<RoundMerged.Slot> slots = new ArrayList<>();
            for (int slot = 0; slot < SLOTS; slot++) {
                view.add(ready(round, slot, "worker 0"));
                slots.add(slot(round, slot, 90, List.of()));
            }
            view.add(merge(round, slots));
        }
        assertThat(published().at("/rounds/workers/1/name").asText()).isEqualTo("worker 1");
        assertThat(published().at("/rounds/workers/1/present").asBoolean()).isFalse();
        assertThat(published().at("/rounds/last/workers").asInt()).isEqualTo(1);
    }

    /** Topics and partitions are read in no order between each other. */
    @Test
    void add_noticesInAnyOrder_comeToTheSamePage() {
        List<SlotReady> notices = new ArrayList<>();
        List<JournalEvent> journal = new ArrayList<>();
        for (int round = 0; round < 3; round++) {
            for (int slot = 0; slot < SLOTS; slot++) {
                notices.add(ready(round, slot));
            }
            journal.add(deal(round));
            journal.add(merge(round));
        }
        journal.forEach(view::add);
        notices.forEach(view::add);
        JsonNode wanted = published();
        assertThat(wanted.at("/rounds/last/round").asLong()).isEqualTo(2);
        Random random = new Random(SEED);
        for (int order = 0; order < 20; order++) {
            RunView other = new RunView(several(SLOTS));
            List<SlotReady> shuffled = new ArrayList<>(notices);
            Collections.shuffle(shuffled, random);
            int event = 0; // the journal itself is in order
            for (SlotReady ready : shuffled) {
                while (event < journal.size() && random.nextBoolean()) {
                    other.add(journal.get(event++));
                }
                other.add(ready);
            }
            journal.subList(event, journal.size()).forEach(other::add);
            LiveState page = new LiveState("s");
            other.publish(page, READ_UP);
            JsonNode found = json(page);
            assertThat(found.get("rounds")).as("seed %d, order %d", SEED, order).isEqualTo(wanted.get("rounds"));
            assertThat(found.get("roundHistory"))
                    .as("seed %d, order %d", SEED, order)
                    .isEqualTo(wanted.get("roundHistory"));
        }
    }

    /** Valid but absurd records: the trainers do not use them, so the page shows none. */
    @Test
    void add_forgedRecords_changeNothing() {
        round(0);
        view.add(deal(1));
        view.add(ready(1, 0));
        JsonNode before = published();
        long lag = view.left() + view.trainedTo(0, 0);
        view.add(deal(MOST));
        view.add(deal(0));
        view.add(deal(1));
        view.add(merge(MOST));
        view.add(merge(0));
        view.add(merge(2));
        view.add(new SlotReady(
                1, 1, 1, "another state", 0, 1, "n0", "", "", "forger", "engine", 1, 0, Optional.empty()));
        view.add(new SlotReady(1, MOST, 1, "base", 0, 1, "n1", "", "", "forger", "engine", 1, MOST, Optional.empty()));
        view.add(new SlotReady(
                1, 0, 1, "base", 0, 1, "n2", "", "", "x".repeat(100_000), "engine", 1, -MOST, Optional.empty()));
        view.add(new SlotReady(
                1,
                1,
                Integer.MAX_VALUE,
                "digest 0",
                0,
                1,
                "n3",
                "",
                "",
                "forger",
                "engine",
                1,
                MOST,
                Optional.empty()));
        assertThat(published()).isEqualTo(before);
        assertThat(view.left() + view.trainedTo(0, 0)).isEqualTo(lag);
        assertThat(SlotNotices.objection(ready(1, 0), 0)).isEmpty();
        assertThat(SlotNotices.objection(ready(1, 0), 1)).hasValue("it is of slot 0, on another partition");
        for (double seconds : new double[] {-1, Double.NaN, Double.POSITIVE_INFINITY, Double.MAX_VALUE}) {
            assertThat(SlotNotices.objection(TestNotices.ready(0, 0, "", "w", seconds, 0), 0))
                    .as("%s s", seconds)
                    .isPresent();
        }
        assertThat(SlotNotices.objection(TestNotices.ready(0, 0, "x".repeat(200), "w", 1, 0), 0))
                .isPresent();
        var metrics = view.facts(READ_UP, new StreamView("images").section(view, 0), MOST);
        assertThat(RunMetrics.text(metrics, MOST, List.of())).contains("millrace_slots_ready");
    }

    @Test
    void add_refusedContribution_isAwaitedAgain() {
        round(0);
        view.add(deal(1));
        view.add(ready(1, 0));
        assertThat(published().at("/rounds/underWay/ready").asInt()).isEqualTo(1);
        view.add(ready(1, 0).refusedFor("its records are gone"));
        assertThat(published().at("/rounds/underWay/ready").asInt()).isZero();
        view.add(ready(1, 0)); // the same notice, read once more
        assertThat(published().at("/rounds/underWay/ready").asInt()).isZero();
    }

    @Test
    void add_manyRoundsOfManySlots_staysSmall() {
        RunView many = new RunView(several(100));
        for (int round = 0; round < 300; round++) {
            int number = round;
            List<RoundMerged.Slot> slots = IntStream.range(0, 100)
                    .mapToObj(slot -> slot(number, slot, 90, List.of(range(slot, slot + 1))))
                    .toList();
            List<List<OffsetRange>> hands = IntStream.range(0, 100)
                    .mapToObj(slot -> List.of(range(100L * number + slot, 100L * number + slot + 1)))
                    .toList();
            many.add(new RoundDealt(1, round, round, hands, LOG, 1_000L * round));
            if (round < 299) {
                slots.forEach(slot -> many.add(ready(number, slot.slot(), "worker " + number + " of " + slot.slot())));
                many.add(merge(round, slots));
            }
        }
        many.publish(live, READ_UP);
        JsonNode page = json(live);
        assertThat(page.at("/roundHistory/rows")).hasSizeBetween(100, 200);
        assertThat(page.at("/roundHistory/rows/0/round").asLong()).isLessThan(10);
        assertThat(page.at("/rounds/underWay/dealt").asInt()).isEqualTo(100);
        assertThat(page.at("/rounds/underWay/slots")).hasSize(64);
        assertThat(page.at("/rounds/workers")).hasSize(64);
        assertThat(live.snapshot().json().length()).isLessThan(120_000);
    }

    @Test
    void publish_runOfOneTrainer_hasNoRounds() {
        RunView one = new RunView(several(1));
        one.add(deal(0));
        one.add(ready(0, 0));
        one.publish(live, READ_UP);
        assertThat(json(live).get("rounds").isNull()).isTrue();
        var facts = one.facts(READ_UP, new StreamView("images").section(one, 0), 0);
        assertThat(new Scrape(RunMetrics.text(facts, 0, List.of())).names())
                .noneMatch(name -> name.matches("millrace_(round|slot|worker|outer).*"));
    }

    private static final RunView.ReadProgress READ_UP =
            new RunView.ReadProgress(OptionalDouble.empty(), true, List.of(), Map.of());

    private void round(long round) {
        view.add(deal(round));
        for (int slot = 0; slot < SLOTS; slot++) {
            view.add(ready(round, slot));
        }
        view.add(merge(round));
    }

    static RoundDealt deal(long round) {
        List<List<OffsetRange>> slots = new ArrayList<>();
        long first = Math.min(round, 1 << 20) * SLOTS * EACH;
        for (int slot = 0; slot < SLOTS; slot++) {
            slots.add(List.of(range(first + slot * EACH, first + (slot + 1) * EACH)));
        }
        return new RoundDealt(1, round, 0, slots, LOG, 20_000 * Math.min(round, 1 << 20));
    }

    static SlotReady ready(long round, int slot) {
        return ready(round, slot, "worker " + slot % 2);
    }

    private static SlotReady ready(long round, int slot, String worker) {
        String base = round == 0 ? "the first state" : "digest " + (round - 1);
        return TestNotices.ready(round, slot, base, worker, 4.0 + slot, 20_000 * round + 1_000L * (5 + slot));
    }

    static RoundMerged merge(long round) {
        return merge(
                round,
                IntStream.range(0, SLOTS)
                        .mapToObj(slot -> {
                            long end = (Math.min(round, 1 << 20) * SLOTS + slot + 1) * EACH;
                            return slot(round, slot, 90, List.of(range(end - 10, end)));
                        })
                        .toList());
    }

    private static RoundMerged merge(long round, List<RoundMerged.Slot> slots) {
        return new RoundMerged(1, round, 0, slots, "digest " + round, 2, 3, 20_000 * Math.min(round, 1 << 20) + 15_000);
    }

    private static RoundMerged.Slot slot(long round, int slot, long images, List<OffsetRange> left) {
        return new RoundMerged.Slot(slot, 0, 1, round + "/" + slot, "sha", "bits", images, 0, left, "engine");
    }

    private static OffsetRange range(long from, long to) {
        return new OffsetRange(0, from, to);
    }

    private JsonNode published() {
        view.publish(live, READ_UP);
        return json(live);
    }

    private static JsonNode json(LiveState page) {
        page.flush();
        return Json.read(page.snapshot().json().getBytes(java.nio.charset.StandardCharsets.UTF_8), JsonNode.class);
    }
}
