package org.millrace.trainer.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.millrace.contract.RunTopics;
import org.millrace.contract.UserException;
import org.millrace.contract.event.JournalEvent;
import org.millrace.contract.event.Json;
import org.millrace.contract.event.OffsetRange;
import org.millrace.contract.event.RunStarted;
import org.millrace.contract.event.StepDone;
import org.millrace.contract.event.StepPlan;
import org.millrace.contract.event.StreamSkipped;
import org.millrace.contract.kafka.LogIdentity;
import org.millrace.trainer.journal.JournalReader.JournalledPlan;

final class JournalReaderTest {
    private static final TopicPartition STEPS = new TopicPartition("main.steps", 0);

    private final MockConsumer<byte[], byte[]> consumer = new MockConsumer<>("none");
    private final JournalReader reader = new JournalReader(consumer, new RunTopics("main"), Duration.ofMillis(100));

    @Test
    void beginning_emptyJournal_none() {
        journal(0);
        assertThat(reader.beginning()).isEmpty();
    }

    @Test
    void beginning_startsBeforeTheFirstPlan_theLastOfThem() {
        journal(0, start("a"), start("b"), plan(1), start("c"), plan(2));
        assertThat(reader.beginning()).hasValue(new JournalReader.Beginning(start("b"), true));
    }

    @Test
    void beginning_noPlanYet_theNewestStart() {
        journal(0, start("a"), start("b"));
        assertThat(reader.beginning()).hasValue(new JournalReader.Beginning(start("b"), false));
    }

    @Test
    void beginning_journalWithoutItsHead_theNextStart() {
        journal(0, plan(7), done(7), start("c"), plan(8));
        assertThat(reader.beginning()).hasValue(new JournalReader.Beginning(start("c"), true));
    }

    private static RunStarted start(String session) {
        return new RunStarted(
                JournalEvent.SCHEMA, 0, session, "writer", "engine", new LogIdentity("c", "t"), Map.of("a", "b"), 0);
    }

    @Test
    void plansAfter_emptyJournal_none() {
        journal(0);
        assertThat(reader.plansAfter(0, 0).plans()).isEmpty();
    }

    @Test
    void plansAfter_start_everyPlanWithTheOffsetBehindIt() {
        journal(0, plan(1), plan(2), done(1), plan(3));
        assertThat(reader.plansAfter(0, 0).plans())
                .containsExactly(
                        new JournalledPlan(plan(1), 1), new JournalledPlan(plan(2), 2), new JournalledPlan(plan(3), 4));
    }

    @Test
    void plansAfter_checkpoint_onlyLaterOnesAndReportsTwiceAreIgnored() {
        // planning ran ahead of computing; after a restart at step 2 the steps 3 and 4 were reported again
        journal(0, plan(1), plan(2), plan(3), plan(4), done(1), done(2), done(3), done(4), done(3), done(4), plan(5));
        assertThat(reader.plansAfter(2, 2).plans())
                .containsExactly(
                        new JournalledPlan(plan(3), 3),
                        new JournalledPlan(plan(4), 4),
                        new JournalledPlan(plan(5), 11));
        assertThat(reader.plansAfter(5, 11).plans()).isEmpty();
    }

    @Test
    void plansAfter_stepMissing_says() {
        journal(0, plan(1), plan(2), plan(4));
        assertThatThrownBy(() -> reader.plansAfter(1, 1))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("main.steps holds the plan of step 4 at offset 2 where step 3 was wanted");
    }

    @Test
    void plansAfter_samePlanTwice_leftOutAndCounted() {
        journal(0, plan(1), plan(2), plan(1), plan(3), plan(2));
        assertThat(reader.plansAfter(0, 0).plans())
                .containsExactly(
                        new JournalledPlan(plan(1), 1), new JournalledPlan(plan(2), 2), new JournalledPlan(plan(3), 4));
        assertThat(reader.unreadable()).isEqualTo(2);
    }

    @Test
    void plansAfter_twoPlansOfAStep_saysWhichRecordAndHowToGoOn() {
        journal(0, plan(1), plan(2), new StepPlan(1, List.of(new OffsetRange(0, 0, 4)), 4));
        assertThatThrownBy(() -> reader.plansAfter(0, 0))
                .isInstanceOf(UserException.class)
                .hasMessageContaining(
                        "main.steps holds the plan of step 1 at offset 2 where step 3 was wanted (partition 0)")
                .hasMessageContaining("millrace branch");
    }

    @Test
    void plansAfter_skipAfterAStepThatIsNotPlanned_leftOutAndCounted() {
        StreamSkipped skip =
                new StreamSkipped(JournalEvent.SCHEMA, 5, Map.of(0, 0L), new LogIdentity("c", "t"), "forged", 0);
        journal(0, plan(1), skip, plan(2));
        assertThat(reader.plansAfter(0, 0).plans())
                .containsExactly(new JournalledPlan(plan(1), 1), new JournalledPlan(plan(2), 3));
        assertThat(reader.unreadable()).isEqualTo(1);
    }

    @Test
    void plansAfter_positionBeyondTheEnd_says() {
        journal(0, plan(1), plan(2));
        assertThatThrownBy(() -> reader.plansAfter(5, 9))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("main.steps ends at offset 2, but the checkpoint was taken at offset 9");
    }

    @Test
    void plansAfter_beginningRemoved_says() {
        journal(2, plan(3), plan(4));
        assertThatThrownBy(() -> reader.plansAfter(0, 0))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("plan of step 3 at offset 2 where step 1 was wanted");
        assertThat(reader.plansAfter(4, 4).plans()).isEmpty();
    }

    @Test
    void plansAfter_recordsThatAreNoEvents_leftOutAndCounted() {
        journalOf(bytes("no json"), Json.write(plan(1)), bytes("null"), bytes(""), Json.write(plan(2)), bytes("{}"));
        assertThat(reader.plansAfter(0, 0).plans())
                .containsExactly(new JournalledPlan(plan(1), 2), new JournalledPlan(plan(2), 5));
        assertThat(reader.unreadable()).isEqualTo(4);
    }

    @Test
    void plansAfter_planThatCannotBeRead_saysWhichRecordAndHowToGoOn() {
        journalOf(Json.write(plan(1)), bytes("{\"type\":\"plan\""), Json.write(plan(3)));
        assertThatThrownBy(() -> reader.plansAfter(0, 0))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("holds the plan of step 3 at offset 2 where step 2 was wanted")
                .hasMessageContaining("main.steps, partition 0, offset 1 cannot be read: no journal event: ")
                .hasMessageContaining("millrace branch");
    }

    @Test
    void forEach_recordsThatComeMeanwhile_notVisited() {
        journal(0, plan(1));
        consumer.addRecord(record(1, plan(2))); // behind the end that was asked for
        List<JournalEvent> seen = new ArrayList<>();
        reader.forEach(0, (event, offset) -> seen.add(event));
        assertThat(seen).containsExactly(plan(1));
    }

    private void journal(long start, JournalEvent... events) {
        consumer.assign(Set.of(STEPS));
        consumer.updateBeginningOffsets(Map.of(STEPS, start));
        consumer.updateEndOffsets(Map.of(STEPS, start + events.length));
        consumer.setMaxPollRecords(2);
        for (int i = 0; i < events.length; i++) {
            consumer.addRecord(record(start + i, events[i]));
        }
    }

    private void journalOf(byte[]... values) {
        journal(0);
        consumer.updateEndOffsets(Map.of(STEPS, (long) values.length));
        for (int i = 0; i < values.length; i++) {
            consumer.addRecord(new ConsumerRecord<>(STEPS.topic(), STEPS.partition(), i, null, values[i]));
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static ConsumerRecord<byte[], byte[]> record(long offset, JournalEvent event) {
        return new ConsumerRecord<>(STEPS.topic(), STEPS.partition(), offset, new byte[0], Json.write(event));
    }

    private static StepPlan plan(long step) {
        return new StepPlan(step, List.of(new OffsetRange(0, 8 * (step - 1), 8 * step)), 8);
    }

    private static StepDone done(long step) {
        return new StepDone(
                JournalEvent.SCHEMA,
                step,
                8 * step,
                0,
                Optional.empty(),
                Optional.empty(),
                1,
                0.5,
                OptionalDouble.empty(),
                0.1,
                OptionalDouble.empty(),
                OptionalDouble.empty(),
                8 * step,
                8,
                OptionalDouble.empty(),
                OptionalInt.empty(),
                Optional.empty(),
                Map.of(),
                Optional.empty(),
                0);
    }
}
