package org.millrace.ingest.push;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.millrace.contract.UserException;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.ingest.push.PushRequest.Split;
import org.millrace.ingest.source.TestImages;

/** Pace, interrupts, Kafka's failures and the request itself. */
final class ImagePusherTest {
    @TempDir
    Path temporary;

    @ParameterizedTest
    @ValueSource(doubles = {0.01, 3, 70, 999, 25_000, 1e7})
    void rate_keepsImagesToTheirTime(double imagesPerSecond) throws IOException {
        FakeTime time = new FakeTime();
        TestPush push = new TestPush().pacedBy(time);
        PushReport report =
                push.push(TestPush.images(images(50)).withRate(imagesPerSecond).withRepeat(4));

        assertThat(report.pushed()).isEqualTo(200);
        assertThat(report.seconds()).isCloseTo(199 / imagesPerSecond, within(0.001)); // bursts of a millisecond
        assertThat(time.sleeps).allMatch(nanos -> nanos >= 1_000_000);
    }

    @Test
    void rate_afterAStall_doesNotMakeUpForAllOfIt() throws InterruptedException {
        FakeTime time = new FakeTime();
        Pace pace = new Pace(10, time);
        pace.await();
        time.now += 60_000_000_000L;
        long began = time.now;
        for (int i = 0; i < 100; i++) {
            pace.await();
        }
        assertThat((time.now - began) / 1e9).isBetween(8.9, 10.0);
    }

    @Test
    void interrupt_flushesWhatWasSent_andSaysSo() throws IOException {
        TestPush push = new TestPush();
        Path source = images(50);
        PushReport report = push.push(TestPush.images(source), (pushed, rejected, bytes) -> {
            if (pushed == 7) {
                Thread.currentThread().interrupt();
            }
        });
        assertThat(Thread.interrupted()).as("the thread stays interrupted").isTrue();
        assertThat(report.interrupted()).isTrue();
        assertThat(report.pushed()).isEqualTo(7);
        assertThat(push.sent()).hasSize(7);
        assertThat(push.producer.flushed()).isTrue();
        assertThat(push.producer.closed()).isFalse();
    }

    @Test
    void awaitRoom_readerBehind_holdsEachImageBackAndEndsWithAnInterrupt() throws IOException {
        TestPush push = new TestPush();
        List<Integer> sentBefore = new ArrayList<>();
        PushReport report = push.push(TestPush.images(images(50)), new PushProgress() {
            @Override
            public void update(long pushed, long rejected, long bytes) {}

            @Override
            public void awaitRoom() throws InterruptedException {
                sentBefore.add(push.sent().size());
                if (sentBefore.size() == 4) {
                    throw new InterruptedException();
                }
            }
        });
        assertThat(Thread.interrupted()).as("the thread stays interrupted").isTrue();
        assertThat(sentBefore).containsExactly(0, 1, 2, 3);
        assertThat(report.interrupted()).isTrue();
        assertThat(report.pushed()).isEqualTo(3);
    }

    @Test
    void kafkaRefusingARecord_isSaidWithWhatToDo() throws IOException {
        TestPush push = new TestPush(false);
        Path source = images(3);
        assertThatThrownBy(() -> push.push(TestPush.images(source), (pushed, rejected, bytes) -> {
                    if (pushed == 1) {
                        push.producer.completeNext();
                    } else {
                        push.producer.errorNext(new RecordTooLargeException("too large for the broker"));
                    }
                }))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("Kafka did not take a record for topic 'images': too large for the broker")
                .hasMessageContaining("images.max-bytes (100000)")
                .hasMessageContaining("Pushed before that: 1 image;");
    }

    @Test
    void kafkaNotAnswering_isSaidWithWhatToDo() throws IOException {
        TestPush push = new TestPush();
        push.producer.sendException = new TimeoutException("Topic images not present in metadata after 30000 ms.");
        PushRequest request = TestPush.images(images(3));
        assertThatThrownBy(() -> push.push(request))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("Topic images not present in metadata")
                .hasMessageContaining("--bootstrap-server");
    }

    @Test
    void producerNeeds_takeTheLargestImage_andMakeALegalProducer() {
        Map<String, Object> properties =
                new KafkaSettings("localhost:9092", Map.of()).producer(ImagePusher.producerNeeds(TestPush.IMAGES));
        ProducerConfig config = new ProducerConfig(properties);
        assertThat(config.getInt(ProducerConfig.MAX_REQUEST_SIZE_CONFIG)).isGreaterThan(TestPush.IMAGES.maxBytes());
        assertThat(config.getString(ProducerConfig.COMPRESSION_TYPE_CONFIG)).isEqualTo("none");
    }

    @Test
    void request_impossible_saysWhatIsWanted() {
        PushRequest request = TestPush.images(Path.of("x"));
        assertThatThrownBy(() -> request.withRepeat(0)).hasMessage("--repeat must be at least 1, but was 0");
        assertThatThrownBy(() -> request.withRate(0)).hasMessage("--rate must be more than 0 images/s, but was 0.0");
        assertThatThrownBy(() -> request.withRate(Double.NaN)).hasMessageContaining("--rate must be more than 0");
        assertThatThrownBy(() -> request.withLimit(0)).hasMessage("--limit must be at least 1, but was 0");
        assertThatThrownBy(() -> request.withSkip(-1)).hasMessage("--skip must not be negative, but was -1");
        assertThatThrownBy(() -> TestPush.withSplit(request, Split.TRAIN)).hasMessageContaining("--to probe only");
        assertThatThrownBy(() -> TestPush.images()).hasMessageContaining("push needs a folder");
        assertThatThrownBy(() -> TestPush.images(Path.of("-"), Path.of("-"))).hasMessageContaining("given once");
    }

    private Path images(int count) throws IOException {
        Path folder = temporary.resolve("images");
        for (int i = 0; i < count; i++) {
            TestImages.write(folder.resolve("%03d.png".formatted(i)), TestImages.png(i));
        }
        return folder;
    }

    /** Time that passes only in sleep. */
    private static final class FakeTime implements PushTime {
        private final List<Long> sleeps = new ArrayList<>();
        private long now = 5;

        @Override
        public long nanoTime() {
            return now;
        }

        @Override
        public void sleepNanos(long nanos) {
            sleeps.add(nanos);
            now += nanos;
        }
    }
}
