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
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.millrace.contract.SlotWaits;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.JournalEvent;
import org.millrace.contract.event.Json;
import org.millrace.contract.event.OffsetRange;
import org.millrace.contract.event.RoundDealt;
import org.millrace.contract.event.RoundMerged;
import org.millrace.contract.event.RunStarted;
import org.millrace.contract.event.SlotReady;
import org.millrace.contract.event.SlotsWanted;
import org.millrace.contract.kafka.LogIdentity;

class RoundsViewTest {
    private static final long SEED = Long.getLong("millrace.seed", System.nanoTime() & 0xffff);
    private static final LogIdentity LOG = new LogIdentity("cluster", "topic");
    private static final int SLOTS = 4;
    private static final long EACH = 100; // offsets of a slot, of which the last ten come back
    private static final long MOST = Long.MAX_VALUE;
    private static final long NOW = 0; // where time does not matter

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
        SlotWaits waits = new SlotWaits();
        LongStream.of(5, 6, 7, 8, 5, 6, 7, 8).forEach(seconds -> waits.add(1_000 * seconds));
        assertThat(rounds.at("/lateSeconds").asDouble())
                .as("as for the trainers")
                .isEqualTo(waits.lateAfterMillis().orElseThrow() / 1_000);
        JsonNode last = rounds.get("last");
        assertThat(last.get("round").asLong()).isEqualTo(1);
        assertThat(last.get("medianSeconds").asDouble()).as("of 4, 5, 6 and 7").isEqualTo(5);
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

    /** Between rounds the page went on with the number of slots that the run had begun with. */
    @Test
    void publish_anotherNumberOfSlotsIsWanted_saysNowAndNext() {
        assertSlots(SLOTS, SLOTS);
        view.add(wanted(3));
        assertSlots(3, 3); // nothing has been dealt
        view.add(wanted(SLOTS));
        round(0);
        assertThat(batchImages()).isEqualTo(SLOTS * EACH);
        view.add(wanted(5));
        view.add(wanted(6));
        assertSlots(SLOTS, 6);
        assertThat(batchImages()).as("images that the next round waits for").isEqualTo(6 * EACH);
        view.add(deal(1));
        assertSlots(SLOTS, 6);
        view.add(merge(1));
        view.add(new RoundDealt(1, 2, 0, Collections.nCopies(6, List.of(range(800, 810))), LOG, 40_000));
        assertSlots(6, 6);
        assertThat(batchImages())
                .as("a shorter round at the end changes nothing")
                .isEqualTo(6 * EACH);
    }

    /** The request is older than the notices that a page which is opened later reads; the deals since have its number. */
    @Test
    void publish_requestThatIsNoLongerRead_goesByTheNewestDeal() {
        view.add(new RoundDealt(1, 0, 0, Collections.nCopies(6, List.of(range(0, 10))), LOG, 0));
        view.add(merge(0));
        assertSlots(6, 6);
        view.clear();
        assertSlots(SLOTS, SLOTS);
    }

    /** With no process left the page said "training" for a minute and a half, and marked none of them ever. */
    @Test
    void publish_nobodyReportsInARoundUnderWay_saysSoAfterAMinute() {
        round(0);
        view.add(deal(1)); // at 20 s
        view.add(ready(1, 0)); // at 25 s, by worker 0
        assertSilent(25_000, List.of());
        assertSilent(80_000, List.of());
        assertSilent(80_001, List.of("worker 1"));
        assertSilent(85_000, List.of("worker 1"));
        assertThat(published(85_000).at("/rounds/silentSinceMillis").isNull()).isTrue();
        assertSilent(85_001, List.of("worker 0", "worker 1"));
        assertThat(published(85_001).at("/rounds/silentSinceMillis").asLong()).isEqualTo(25_000);

        view.add(
                new SlotReady( // a late slot, which worker 0 has computed first, and worker 1 too
                        1, 1, 0, "digest 0", 1, 2, "too", "", "", "worker 1", "engine", 60, 86_000, Optional.empty()));
        assertSilent(86_001, List.of("worker 0"));
        assertThat(published(86_001).at("/rounds/silentSinceMillis").isNull()).isTrue();
        Map<String, String> settings = ConfigLoader.effective(several(SLOTS));
        view.add(new RunStarted(1, 9, "session", "worker 2", "engine", LOG, settings, 90_000)); // it leads from now on
        assertThat(published(150_000).at("/rounds/silentSinceMillis").isNull()).isTrue();
        assertThat(published(150_001).at("/rounds/silentSinceMillis").asLong()).isEqualTo(90_000);
    }

    @Test
    void publish_silenceThatIsNoSign_marksNobody() {
        view.add(deal(0));
        assertThat(published(3_600_000).at("/rounds/silentSinceMillis").isNull())
                .as("the first round may take an hour")
                .isTrue();
        assertThat(published(3_600_001).at("/rounds/silentSinceMillis").isNull())
                .isFalse();
        view.add(merge(0));
        assertThat(published(MOST).at("/rounds/silentSinceMillis").isNull())
                .as("no round is under way: they wait for images")
                .isTrue();
    }

    /** A report of a slot that usually takes five minutes is not missed after one. */
    @Test
    void mark_slotsThatTakeLong_waitsForTwoThatAreLate() {
        round(0);
        view.add(deal(1));
        view.add(ready(1, 0));
        view.publish(live, READ_UP, NOW);
        Sections.Rounds rounds = view.facts(READ_UP, new StreamView("images").section(view, NOW), NOW)
                .rounds()
                .orElseThrow();
        Silence silence = new Silence(25_000, OptionalDouble.of(450));
        assertThat(silence.mark(rounds, 925_000).silentSinceMillis()).isEmpty();
        assertThat(silence.mark(rounds, 925_001).silentSinceMillis()).hasValue(25_000L);
    }

    private long batchImages() {
        return view.facts(READ_UP, new StreamView("images").section(view, NOW), NOW)
                .batchImages();
    }

    private void assertSlots(int now, int next) {
        JsonNode rounds = published().get("rounds");
        assertThat(List.of(rounds.get("slots").asInt(), rounds.get("nextSlots").asInt()))
                .containsExactly(now, next);
    }

    private void assertSilent(long nowMillis, List<String> names) {
        List<String> silent = new ArrayList<>();
        published(nowMillis).at("/rounds/workers").forEach(worker -> {
            if (worker.get("silent").asBoolean()) {
                silent.add(worker.get("name").asText());
            }
        });
        assertThat(silent).as("at %d ms", nowMillis).isEqualTo(names);
    }

    private static SlotsWanted wanted(int slots) {
        return new SlotsWanted(1, slots, "process 1 on here", 0);
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
            other.publish(page, READ_UP, NOW);
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
        assertThat(RunMetrics.text(metrics, MOST, List.of(), DiskSpace.UNKNOWN)).contains("millrace_slots_ready");
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
        many.publish(live, READ_UP, NOW);
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
        one.publish(live, READ_UP, NOW);
        assertThat(json(live).get("rounds").isNull()).isTrue();
        var facts = one.facts(READ_UP, new StreamView("images").section(one, 0), 0);
        assertThat(new Scrape(RunMetrics.text(facts, 0, List.of(), DiskSpace.UNKNOWN)).names())
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
        return published(NOW);
    }

    private JsonNode published(long nowMillis) {
        view.publish(live, READ_UP, nowMillis);
        return json(live);
    }

    private static JsonNode json(LiveState page) {
        page.flush();
        return Json.read(page.snapshot().json().getBytes(java.nio.charset.StandardCharsets.UTF_8), JsonNode.class);
    }
}
