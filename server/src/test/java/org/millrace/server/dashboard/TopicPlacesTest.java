package org.millrace.server.dashboard;

import static java.util.stream.Collectors.toMap;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.Test;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.TopicSetup;
import org.millrace.server.dashboard.TopicPlaces.Wanted;

class TopicPlacesTest {
    // nobody listens there
    private static final KafkaSettings KAFKA =
            new KafkaSettings("127.0.0.1:1", Map.of("default.api.timeout.ms", "100", "request.timeout.ms", "50"));

    /** After millrace slots the page never read the slots that were new: they stayed late. */
    @Test
    void assignNew_topicsThatGrow_areReadFromTheBeginningOfTheNewPartitions() {
        TopicPlaces places = new TopicPlaces(List.of(Wanted.whole("main.steps"), Wanted.whole("main.slots")), "images");
        try (MockConsumer<byte[], byte[]> consumer = new MockConsumer<>("none")) {
            grow(consumer, "main.steps", 0, 1);
            grow(consumer, "main.slots", 0, 4);
            grow(consumer, "images", 0, 2);
            List<TopicPartition> steps = partitions("main.steps", 1);
            assertThat(places.assignNew(topic -> topic.equals("main.steps") ? 1 : 0, consumer))
                    .isTrue();
            assertThat(places.missing()).containsExactly("main.slots");
            assertThat(places.images()).isEmpty();
            assertThat(places.assignNew(topic -> topic.equals("images") ? 2 : 4, consumer))
                    .isTrue();
            assertThat(places.missing()).isEmpty();
            assertThat(places.images()).isEqualTo(partitions("images", 2));
            consumer.assignment().forEach(partition -> consumer.seek(partition, END));
            places.follow(consumer);
            assertThat(places.reading()).isEmpty();

            grow(consumer, "main.slots", 4, 6);
            grow(consumer, "images", 2, 3);
            assertThat(places.assignNew(TopicPlacesTest::unasked, consumer)).isTrue();
            assertThat(places.images()).isEqualTo(partitions("images", 3));
            List<TopicPartition> slots = partitions("main.slots", 6);
            assertThat(consumer.assignment())
                    .containsExactlyInAnyOrderElementsOf(
                            Stream.concat(steps.stream(), slots.stream()).toList());
            for (TopicPartition slot : slots) {
                assertThat(consumer.position(slot)).as("%s", slot).isEqualTo(slot.partition() < 4 ? END : BEGINNING);
            }
            assertThat(places.reading())
                    .as("the page does not say that it reads the run's history again")
                    .isEmpty();
        }
    }

    /** A broker that goes away in between. */
    @Test
    void assignNew_endsThatCannotBeRead_triesTheNewPartitionsAgain() {
        TopicPlaces places = new TopicPlaces(List.of(Wanted.whole("main.slots")), "images");
        try (MockConsumer<byte[], byte[]> consumer = new MockConsumer<>("none")) {
            grow(consumer, "main.slots", 0, 4);
            grow(consumer, "images", 0, 1);
            assertThat(places.assignNew(topic -> topic.equals("images") ? 1 : 4, consumer))
                    .isTrue();
            grow(consumer, "main.slots", 4, 6);
            consumer.setOffsetsException(new TimeoutException("away"));
            assertThat(places.assignNew(TopicPlacesTest::unasked, consumer)).isFalse();
            assertThat(consumer.assignment()).hasSize(4);
            assertThat(places.assignNew(TopicPlacesTest::unasked, consumer)).isTrue();
            assertThat(consumer.assignment()).hasSize(6);
        }
    }

    private static final long BEGINNING = 3;
    private static final long END = 9;

    private static void grow(MockConsumer<byte[], byte[]> consumer, String topic, int from, int to) {
        List<TopicPartition> all = partitions(topic, to);
        consumer.updatePartitions(
                topic,
                all.stream()
                        .map(one -> new PartitionInfo(topic, one.partition(), Node.noNode(), new Node[0], new Node[0]))
                        .toList());
        List<TopicPartition> added = all.subList(from, to);
        consumer.updateBeginningOffsets(added.stream().collect(toMap(one -> one, one -> BEGINNING)));
        consumer.updateEndOffsets(added.stream().collect(toMap(one -> one, one -> END)));
    }

    private static List<TopicPartition> partitions(String topic, int count) {
        return IntStream.range(0, count)
                .mapToObj(partition -> new TopicPartition(topic, partition))
                .toList();
    }

    private static int unasked(String topic) {
        throw new AssertionError("the broker is asked for " + topic + ", which is there: that may take 15 s");
    }

    private static ToIntFunction<String> count(TopicSetup topics) {
        return topic ->
                topics.describe(topic).map(found -> found.partitions().size()).orElse(0);
    }

    /** It was 1 from the first look on, so that metrics said that all had been read. */
    @Test
    void reading_brokerThatNeverAnswers_staysZero() {
        TopicPlaces places = new TopicPlaces(List.of(Wanted.whole("main.steps")), "images");
        try (TopicSetup topics = new TopicSetup(KAFKA);
                var consumer = new KafkaConsumer<byte[], byte[]>(KAFKA.consumer(Map.of()))) {
            for (int look = 0; look < 2; look++) {
                assertThat(places.assignNew(count(topics), consumer)).isFalse();
                places.follow(consumer);
                assertThat(places.reading()).hasValue(0);
            }
        }
    }
}
