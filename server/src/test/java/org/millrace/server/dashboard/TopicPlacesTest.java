package org.millrace.server.dashboard;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.junit.jupiter.api.Test;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.TopicSetup;

class TopicPlacesTest {
    // nobody listens there
    private static final KafkaSettings KAFKA =
            new KafkaSettings("127.0.0.1:1", Map.of("default.api.timeout.ms", "100", "request.timeout.ms", "50"));

    /** It was 1 from the first look on, so that metrics said that all had been read. */
    @Test
    void reading_brokerThatNeverAnswers_staysZero() {
        TopicPlaces places = new TopicPlaces(List.of(TopicPlaces.Wanted.whole("main.steps")), "images");
        try (TopicSetup topics = new TopicSetup(KAFKA);
                var consumer = new KafkaConsumer<byte[], byte[]>(KAFKA.consumer(Map.of()))) {
            for (int look = 0; look < 2; look++) {
                assertThat(places.assignNew(topics, consumer)).isFalse();
                places.follow(consumer);
                assertThat(places.reading()).hasValue(0);
            }
        }
    }
}
