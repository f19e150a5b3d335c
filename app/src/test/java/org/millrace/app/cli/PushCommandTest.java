package org.millrace.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.millrace.app.broker.EmbeddedBroker;
import org.millrace.app.run.LoggedRecords;
import org.millrace.contract.ImageHeaders;
import org.millrace.contract.config.BrokerConfig;
import org.millrace.contract.kafka.KafkaSettings;

class PushCommandTest {
    @TempDir
    private static Path data;

    private static EmbeddedBroker broker;

    @TempDir
    private Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter error = new StringWriter();

    @BeforeAll
    static void startBroker() {
        broker = EmbeddedBroker.start(data, new BrokerConfig(0, -1), "test");
    }

    @AfterAll
    static void stopBroker() {
        broker.close();
    }

    @Test
    void push_ofFolderWithOneTextFile_sendsImagesAndTellsReject() throws Exception {
        byte[] cat = png();
        Files.write(folder.resolve("cat.png"), cat);
        Files.write(Files.createDirectories(folder.resolve("below")).resolve("dog.png"), png());
        Files.writeString(folder.resolve("fake.jpg"), "this is no image");

        assertThat(push(folder.toString(), "--set", "images.topic=mixed", "--set", "images.rejected-topic=refused"))
                .isZero();

        assertThat(out.toString())
                .contains("pushed 2 images", "to topic mixed", "rejected 1: 1 not an image", "in topic refused");
        assertThat(records("mixed"))
                .hasSize(2)
                .anySatisfy(record -> assertThat(record.value()).isEqualTo(cat));
        assertThat(records("refused")).singleElement().satisfies(record -> {
            assertThat(ImageHeaders.text(record.headers(), ImageHeaders.REJECT_REASON))
                    .isPresent();
            assertThat(ImageHeaders.text(record.headers(), ImageHeaders.REJECT_POSITION))
                    .hasValueSatisfying(position -> assertThat(position).contains("fake.jpg"));
        });
    }

    @Test
    void push_ofTextFileAlone_failsAfterTellingReject() throws Exception {
        Path fake = Files.writeString(folder.resolve("fake.jpg"), "this is no image");
        assertThat(push(fake.toString())).isEqualTo(1);
        assertThat(out.toString()).contains("pushed 0 images", "rejected 1: 1 not an image");
        assertThat(error.toString()).contains("millrace: no image was pushed");
    }

    @Test
    void push_ofMissingFolder_failsWithItsNameAndNoStackTrace() {
        assertThat(push(folder.resolve("nowhere").toString())).isEqualTo(1);
        assertThat(error.toString()).contains("millrace: ", "nowhere").doesNotContain("\tat ");
    }

    @Test
    void push_withUnknownOrder_isWrongUsageThatListsOrders() {
        assertThat(push(folder.toString(), "--order", "sideways")).isEqualTo(2);
        assertThat(error.toString())
                .contains(
                        "'--order'",
                        "must be as-is or shuffled or by-label, but was 'sideways'",
                        "millrace push --help");
    }

    @Test
    void push_withRepeatZero_isWrongUsage() {
        assertThat(push(folder.toString(), "--repeat", "0")).isEqualTo(2);
        assertThat(error.toString()).contains("--repeat must be at least 1, but was 0");
    }

    @Test
    void push_ofNothing_isWrongUsage() {
        assertThat(push()).isEqualTo(2);
        assertThat(error.toString()).contains("PATH");
    }

    private int push(String... arguments) {
        List<String> all = new ArrayList<>(List.of("push", "--bootstrap-server", broker.bootstrapServers()));
        all.addAll(List.of(arguments));
        return MillraceCommandLine.run(new PrintWriter(out), new PrintWriter(error), all.toArray(String[]::new));
    }

    private static List<ConsumerRecord<byte[], byte[]>> records(String topic) {
        return LoggedRecords.of(new KafkaSettings(broker.bootstrapServers(), Map.of()), topic);
    }

    private static byte[] png() throws IOException {
        var bytes = new ByteArrayOutputStream();
        ImageIO.write(new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB), "png", bytes);
        return bytes.toByteArray();
    }
}
