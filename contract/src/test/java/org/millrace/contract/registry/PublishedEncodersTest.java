package org.millrace.contract.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.internals.AutoOffsetResetStrategy.StrategyType;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.millrace.contract.RunTopics;
import org.millrace.contract.UserException;
import org.millrace.contract.event.EncoderAccepted;
import org.millrace.contract.event.EncoderRevocation;
import org.millrace.contract.event.Standing;
import org.millrace.contract.event.Standing.Verdict;

final class PublishedEncodersTest {
    private static final RunTopics TOPICS = new RunTopics("main");

    private final Standings standings = new Standings();
    private final MockConsumer<byte[], byte[]> consumer = new MockConsumer<>(StrategyType.NONE.toString());

    @Test
    void newest_noEvaluations_theNewest() {
        publish(0, 400, 800);
        assertThat(newest()).isEqualTo(800);
    }

    @Test
    void newest_newerOnesHeldOrNotScored_theCurrentOne() {
        publish(0, 400, 800, 1200);
        scored(400, Verdict.CURRENT);
        scored(800, Verdict.HELD);
        assertThat(newest()).isEqualTo(400);
    }

    @Test
    void newest_currentOneGone_refusesThoughOthersAreThere() {
        publish(0, 800, 1200);
        scored(0, Verdict.CURRENT);
        scored(400, Verdict.CURRENT);
        scored(800, Verdict.HELD);
        scored(1200, Verdict.HELD);
        assertThatThrownBy(this::newest)
                .isInstanceOf(UserException.class)
                .hasMessageStartingWith("no encoder of run main may be taken as the newest: the current one, 400, has"
                        + " left the topic, and of those on it ([0, 800, 1200]) the newer ones are held")
                .hasMessageContaining("millrace evaluate --accept VERSION");
    }

    @Test
    void newest_heldOneAccepted_isTaken() {
        publish(0, 800, 1200);
        scored(400, Verdict.CURRENT);
        scored(800, Verdict.HELD);
        scored(1200, Verdict.HELD);
        standings.accept(new EncoderAccepted(EncoderAccepted.SCHEMA, "main", 800, 0));
        assertThat(newest()).isEqualTo(800);
    }

    @Test
    void newest_currentOneRevoked_theNewestThatIsNot() {
        publish(0, 400, 800);
        scored(400, Verdict.CURRENT);
        scored(800, Verdict.CURRENT);
        standings.accept(new EncoderRevocation(1, "main", 800, EncoderRevocation.State.REVOKED, "", 0));
        assertThat(newest()).isEqualTo(400);
    }

    @Test
    void newest_allRevoked_refusesAndNamesThem() {
        publish(0, 400);
        for (long version : new long[] {0, 400}) {
            standings.accept(new EncoderRevocation(1, "main", version, EncoderRevocation.State.REVOKED, "", 0));
        }
        assertThatThrownBy(this::newest).isInstanceOf(UserException.class).hasMessageContaining("or revoked: [0, 400]");
    }

    @Test
    void find_heldVersion_isHad() {
        publish(0, 800);
        scored(800, Verdict.HELD);
        assertThat(PublishedEncoders.find(consumer, TOPICS, 800).version()).isEqualTo(800);
    }

    private long newest() {
        return PublishedEncoders.newest(consumer, TOPICS, standings).version();
    }

    private void scored(long version, Verdict verdict) {
        standings.accept(TestRecords.scored(
                version,
                Optional.of(new Standing(verdict, OptionalLong.empty(), OptionalDouble.empty(), 0.25)),
                Optional.empty()));
    }

    private void publish(long... versions) {
        TopicPartition partition = new TopicPartition(TOPICS.encoders(), 0);
        Node node = Node.noNode();
        consumer.updatePartitions(
                partition.topic(),
                List.of(new PartitionInfo(partition.topic(), 0, node, new Node[] {node}, new Node[] {node})));
        consumer.updateBeginningOffsets(Map.of(partition, 0L));
        long offset = 0;
        for (long version : versions) {
            byte[] file = ("weights " + version).getBytes(StandardCharsets.UTF_8);
            for (TestRecords.Entry entry : TestRecords.of(version, file)) {
                byte[] key = entry.key.getBytes(StandardCharsets.UTF_8);
                var record = new ConsumerRecord<>(partition.topic(), 0, offset++, key, entry.value);
                consumer.schedulePollTask(() -> consumer.addRecord(record));
            }
        }
        consumer.updateEndOffsets(Map.of(partition, offset));
    }
}
