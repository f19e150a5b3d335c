package org.millrace.contract.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.junit.jupiter.api.Test;

final class KafkaSettingsTest {
    private static final KafkaSettings SETTINGS = new KafkaSettings(
            "localhost:9092",
            Map.of(
                    "security.protocol", "SSL",
                    "client.id", "everyone",
                    "consumer.client.id", "reader",
                    "consumer.fetch.max.bytes", "77",
                    "producer.linger.ms", "5",
                    "producer.acks", "1",
                    "streams.num.stream.threads", "3",
                    "admin.retries", "9"));

    @Test
    void consumer_keysOfAllAndOfConsumers_withoutPrefix() {
        assertThat(SETTINGS.consumer(Map.of()))
                .containsEntry("bootstrap.servers", "localhost:9092")
                .containsEntry("security.protocol", "SSL")
                .containsEntry("client.id", "reader")
                .containsEntry("fetch.max.bytes", "77")
                .containsEntry("auto.offset.reset", "none")
                .containsEntry("enable.auto.commit", "false")
                .doesNotContainKeys("linger.ms", "acks", "num.stream.threads", "retries")
                .doesNotContainKeys("consumer.client.id", "producer.linger.ms", "streams.num.stream.threads");
    }

    @Test
    void producer_keysOfAllAndOfProducers_userOverOurs() {
        assertThat(SETTINGS.producer(Map.of()))
                .containsEntry("client.id", "everyone")
                .containsEntry("linger.ms", "5")
                .containsEntry("acks", "1")
                .doesNotContainKeys("fetch.max.bytes", "retries", "producer.acks");
    }

    @Test
    void admin_keysOfAllAndOfAdmins() {
        assertThat(SETTINGS.admin())
                .containsOnly(
                        Map.entry("bootstrap.servers", "localhost:9092"),
                        Map.entry("security.protocol", "SSL"),
                        Map.entry("client.id", "everyone"),
                        Map.entry("retries", "9"));
    }

    @Test
    void consumer_needsOfTheCaller_underTheUsersWord() {
        assertThat(SETTINGS.consumer(Map.of("fetch.max.bytes", 1, "max.poll.records", 2)))
                .containsEntry("fetch.max.bytes", "77")
                .containsEntry("max.poll.records", 2);
    }

    @Test
    void bootstrapServers_saidTwice_theRecordsOwnWins() {
        var settings = new KafkaSettings("real:1", Map.of("bootstrap.servers", "other:2"));
        assertThat(settings.producer(Map.of())).containsEntry("bootstrap.servers", "real:1");
    }

    @Test
    void clients_ourDefaults_kafkaAcceptsThem() {
        var settings = new KafkaSettings("localhost:9092", Map.of());
        assertThat(new ConsumerConfig(settings.consumer(Map.of())).getString("isolation.level"))
                .isEqualTo("read_committed");
        assertThat(new ProducerConfig(settings.producer(Map.of())).getBoolean("enable.idempotence"))
                .isTrue();
    }

    @Test
    void answerMillis_isTheUsersOrOurs() {
        assertThat(new KafkaSettings("localhost:9092", Map.of()).answerMillis(7))
                .isEqualTo(7);
        assertThat(new KafkaSettings("localhost:9092", Map.of("admin.default.api.timeout.ms", "90000")).answerMillis(7))
                .isEqualTo(90_000);
        assertThat(new KafkaSettings("localhost:9092", Map.of("default.api.timeout.ms", "soon")).answerMillis(7))
                .as("Kafka refuses it by name")
                .isEqualTo(7);
    }
}
