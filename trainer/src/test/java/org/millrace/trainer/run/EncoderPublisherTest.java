package org.millrace.trainer.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.millrace.contract.ImageHeaders;
import org.millrace.contract.ImageOffset;
import org.millrace.contract.Sha256;
import org.millrace.contract.UserException;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.EncoderManifest;
import org.millrace.contract.event.Json;
import org.millrace.contract.registry.EncoderAssembler;
import org.millrace.contract.weights.Safetensors;
import org.millrace.trainer.TestRuns;
import org.millrace.trainer.stream.LoggedImage;
import org.millrace.trainer.stream.Rejection;
import org.millrace.trainer.stream.Rejects;

final class EncoderPublisherTest {
    private static final int VALUES = 300_000; // 1.2 MB: three chunks
    private static final Clock CLOCK = Clock.fixed(Instant.ofEpochMilli(1234), ZoneOffset.UTC);

    private final MillraceConfig config = TestRuns.config("trainer.encoders-kept=2");

    @Test
    void publish_largeFile_chunksReassembleToTheSameBytes() {
        List<ProducerRecord<byte[], byte[]>> sent = new ArrayList<>();
        publisher(sent, List.of()).publish(400, 51_200, encoder(1));
        assertThat(keys(sent)).containsExactly("400/0", "400/1", "400/2", "400/manifest");
        assertThat(sent).allSatisfy(record -> {
            assertThat(record.topic()).isEqualTo("main.encoders");
            assertThat(record.value()).hasSizeLessThanOrEqualTo(512 * 1024);
        });
        EncoderManifest manifest = manifest(compacted(sent), 400);
        assertThat(manifest.step()).isEqualTo(400);
        assertThat(manifest.run()).isEqualTo("main");
        assertThat(manifest.imagesTrained()).isEqualTo(51_200);
        assertThat(manifest.encoder()).isEqualTo(config.encoder());
        assertThat(manifest.publishedAtMillis()).isEqualTo(1234);
        assertWhole(compacted(sent), 400, encoder(1));
    }

    @Test
    void publish_weightThatIsNoNumber_nothingIsSent() {
        List<ProducerRecord<byte[], byte[]>> sent = new ArrayList<>();
        Safetensors diverged = new Safetensors.Builder()
                .add("conv1.weight", new long[] {2, 2}, new float[] {1, 2, 3, Float.NaN})
                .build();
        assertThatThrownBy(() -> publisher(sent, List.of()).publish(400, 51_200, diverged))
                .isInstanceOf(UserException.class)
                .hasMessageStartingWith(
                        "the encoder after step 400 is not published: tensor conv1.weight has NaN at [1, 1]")
                .hasMessageContaining("lower optimiser.learning-rate");
        assertThat(sent).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"0, 'check encoder.initial-weights'", "400, 'Training diverged: lower optimiser.learning-rate'"})
    void publish_featuresThatAreNotFinite_nothingIsSentAndTheCauseIsThatOfTheStep(long step, String cause) {
        List<ProducerRecord<byte[], byte[]>> sent = new ArrayList<>();
        var publisher = new EncoderPublisher(
                sent::addAll,
                config,
                List.of(),
                Optional.empty(),
                CLOCK,
                weights -> Optional.of("feature 3 of an image is NaN"));
        assertThatThrownBy(() -> publisher.publish(step, 0, encoder(1)))
                .isInstanceOf(UserException.class)
                .hasMessageStartingWith(
                        "the encoder after step " + step + " is not published: feature 3 of an image is NaN. ")
                .hasMessageContaining(cause);
        assertThat(sent).isEmpty();
    }

    @Test
    void publish_moreThanKept_oldestRemovedButTheFirst() {
        List<ProducerRecord<byte[], byte[]>> sent = new ArrayList<>();
        EncoderPublisher publisher = publisher(sent, List.of());
        for (long version : new long[] {0, 400, 800, 1200, 1600}) {
            publisher.publish(version, version, encoder(version));
        }
        assertThat(publisher.published()).containsExactly(1200L, 1600L);
        Map<String, byte[]> topic = compacted(sent);
        assertThat(versions(topic)).containsExactlyInAnyOrder("0", "1200", "1600");
        assertThat(topic).hasSize(3 * 4);
        for (long version : new long[] {0, 1200, 1600}) {
            assertWhole(topic, version, encoder(version));
        }
    }

    @ParameterizedTest
    @CsvSource({"pinned:400, true", "pinned:main@400, true", "pinned:other@400, false", "initial, false"})
    void publish_versionThatIsTheGuardsTeacher_stays(String teacher, boolean stays) {
        List<ProducerRecord<byte[], byte[]>> sent = new ArrayList<>();
        var publisher = new EncoderPublisher(
                sent::addAll,
                TestRuns.config("trainer.encoders-kept=2", "guard.teacher=" + teacher),
                List.of(400L, 800L),
                Optional.empty(),
                CLOCK,
                weights -> Optional.empty());
        publisher.publish(1200, 1, encoder(1));
        publisher.publish(1600, 1, encoder(1));
        assertThat(publisher.published()).isEqualTo(stays ? List.of(400L, 1200L, 1600L) : List.of(1200L, 1600L));
    }

    @Test
    void publish_oldVersionRemoved_manifestBeforeItsChunks() {
        List<ProducerRecord<byte[], byte[]>> sent = new ArrayList<>();
        EncoderPublisher publisher = publisher(sent, List.of(400L, 800L));
        publisher.publish(1200, 1, encoder(1));
        List<String> tombstones = sent.stream()
                .filter(record -> record.value() == null)
                .map(EncoderPublisherTest::key)
                .toList();
        assertThat(tombstones).containsExactly("400/manifest", "400/0", "400/1", "400/2");
    }

    @Test
    void publish_sameVersionAgain_changesNothing() {
        List<ProducerRecord<byte[], byte[]>> sent = new ArrayList<>();
        EncoderPublisher publisher = publisher(sent, List.of(400L, 800L));
        publisher.publish(800, 8, encoder(8));
        publisher.publish(0, 0, encoder(0));
        assertThat(publisher.published()).containsExactly(400L, 800L);
        assertThat(sent).allMatch(record -> record.value() != null);
        assertWhole(compacted(sent), 800, encoder(8));
    }

    @Test
    void publish_oneEncoder_isSentTogetherWithTheRemovalOfTheOld() {
        List<Integer> sizes = new ArrayList<>();
        new EncoderPublisher(
                        records -> sizes.add(records.size()),
                        config,
                        List.of(400L, 800L),
                        Optional.empty(),
                        CLOCK,
                        weights -> Optional.empty())
                .publish(1200, 1, encoder(1));
        assertThat(sizes).containsExactly(4 + 4);
    }

    /** What was learned stands on the topic, and readers have the whole encoder; a branch, whose topic has another encoder 0, sends it whole. */
    @Test
    void publish_onlyAPartLearns_laterEncodersAreThatPart() {
        List<ProducerRecord<byte[], byte[]>> sent = new ArrayList<>();
        MillraceConfig partly = TestRuns.config("encoder.train=last-blocks", "trainer.encoders-kept=2");
        Safetensors begun = encoder(0);
        Safetensors part = new Safetensors.Builder()
                .add("v", new long[] {1}, new float[] {7})
                .build();
        Safetensors before = begun.replaced(
                Set.of(),
                new Safetensors.Builder()
                        .add("v", new long[] {1}, new float[] {0})
                        .build());
        Safetensors whole = begun.replaced(Set.of(), part);
        var publisher = new EncoderPublisher(
                sent::addAll, partly, List.of(), Optional.empty(), CLOCK, weights -> Optional.empty());
        String base = Sha256.of(before.toBytes());
        publisher.publish(0, 0, before, Optional.of(new EncoderPublisher.Learned(part, base)));
        int first = sent.size();
        publisher.publish(400, 400, whole, Optional.of(new EncoderPublisher.Learned(part, base)));
        assertThat(sent.size() - first).isEqualTo(2); // a chunk and the manifest
        publisher.publish(800, 800, whole, Optional.of(new EncoderPublisher.Learned(part, "another run's")));
        assertThat(sent.size() - first).isGreaterThan(4);
        EncoderAssembler assembler = new EncoderAssembler();
        List<byte[]> read = new ArrayList<>();
        sent.forEach(record -> assembler
                .accept(new ConsumerRecord<>("main.encoders", 0, 0, record.key(), record.value()))
                .ifPresent(encoder -> read.add(encoder.safetensors())));
        assertThat(read).containsExactly(before.toBytes(), whole.toBytes(), whole.toBytes());
        EncoderAssembler late = new EncoderAssembler();
        assertThat(sent.subList(first, first + 2).stream()
                        .flatMap(
                                record -> late
                                        .accept(new ConsumerRecord<>(
                                                "main.encoders", 0, 0, record.key(), record.value()))
                                        .stream()))
                .as("without encoder 0")
                .isEmpty();
    }

    @Test
    void send_reject_bytesWithReasonAndPosition() {
        List<ProducerRecord<byte[], byte[]>> sent = new ArrayList<>();
        byte[] file = {1, 2, 3};
        new Rejects(sent::addAll, config.images())
                .send(new Rejection(new LoggedImage(new ImageOffset(2, 77), 0, "a.jpg", file), "empty"));
        ProducerRecord<byte[], byte[]> record = sent.get(0);
        assertThat(record.topic()).isEqualTo("images.rejected");
        assertThat(key(record)).isEqualTo("images/2/77");
        assertThat(record.value()).isEqualTo(file);
        assertThat(ImageHeaders.text(record.headers(), ImageHeaders.REJECT_REASON))
                .contains("empty");
        assertThat(ImageHeaders.text(record.headers(), ImageHeaders.REJECT_POSITION))
                .contains("images/2/77");
        assertThat(ImageHeaders.text(record.headers(), ImageHeaders.SOURCE)).contains("a.jpg");
    }

    private EncoderPublisher publisher(List<ProducerRecord<byte[], byte[]>> sent, List<Long> published) {
        return new EncoderPublisher(
                sent::addAll, config, published, Optional.empty(), CLOCK, weights -> Optional.empty());
    }

    private static Safetensors encoder(long value) {
        float[] values = new float[VALUES];
        for (int i = 0; i < VALUES; i++) {
            values[i] = value + i;
        }
        return new Safetensors.Builder().add("w", new long[] {VALUES}, values).build();
    }

    /** What a compacted topic keeps: the last value of each key, without the removed ones. */
    private static Map<String, byte[]> compacted(List<ProducerRecord<byte[], byte[]>> sent) {
        Map<String, byte[]> topic = new TreeMap<>();
        for (ProducerRecord<byte[], byte[]> record : sent) {
            if (record.value() == null) {
                topic.remove(key(record));
            } else {
                topic.put(key(record), record.value());
            }
        }
        return topic;
    }

    private static void assertWhole(Map<String, byte[]> topic, long version, Safetensors encoder) {
        EncoderManifest manifest = manifest(topic, version);
        var file = new ByteArrayOutputStream();
        for (int i = 0; i < manifest.chunks(); i++) {
            file.writeBytes(topic.getOrDefault(version + "/" + i, new byte[0]));
        }
        assertThat(file.size()).isEqualTo((int) manifest.bytes());
        assertThat(Sha256.of(file.toByteArray())).isEqualTo(manifest.sha256());
        assertThat(file.toByteArray()).isEqualTo(encoder.toBytes());
    }

    private static EncoderManifest manifest(Map<String, byte[]> topic, long version) {
        return Json.read(topic.getOrDefault(version + "/manifest", new byte[0]), EncoderManifest.class);
    }

    private static Set<String> versions(Map<String, byte[]> topic) {
        return topic.keySet().stream()
                .map(key -> key.substring(0, key.indexOf('/')))
                .collect(Collectors.toSet());
    }

    private static List<String> keys(List<ProducerRecord<byte[], byte[]>> sent) {
        return sent.stream().map(EncoderPublisherTest::key).toList();
    }

    private static String key(ProducerRecord<byte[], byte[]> record) {
        return new String(record.key(), StandardCharsets.UTF_8);
    }
}
