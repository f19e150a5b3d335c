package org.millrace.ingest.source;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.awt.image.DataBufferByte;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.zip.GZIPInputStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.millrace.ingest.label.Labels;
import org.millrace.ingest.push.PushRequest;
import org.millrace.ingest.push.PushRequest.Order;
import org.millrace.ingest.push.TestPush;

/** The images that the demo ships: real IDX files. */
final class FashionMnistSampleTest {
    private static final Path IMAGES = Path.of("../samples/fashion-mnist/t10k-images-idx3-ubyte.gz");
    private static final int PIXELS = 28 * 28;

    @Test
    void push_all_givesThePixelsAndTenBalancedLabels() throws IOException {
        TestPush push = new TestPush();
        push.push(TestPush.probe(IMAGES));
        byte[] raw;
        try (InputStream in = new GZIPInputStream(Files.newInputStream(IMAGES))) {
            raw = in.readAllBytes();
        }
        ImageIO.setUseCache(false);

        Map<String, Integer> labels = new TreeMap<>();
        var records = push.sent("probe");
        assertThat(records).hasSize(10_000);
        for (int i = 0; i < records.size(); i++) {
            labels.merge(TestPush.label(records.get(i)).orElseThrow(), 1, Integer::sum);
            BufferedImage image =
                    ImageIO.read(new ByteArrayInputStream(records.get(i).value()));
            byte[] pixels = ((DataBufferByte) image.getRaster().getDataBuffer()).getData();
            assertThat(java.util.Arrays.equals(pixels, 0, PIXELS, raw, 16 + i * PIXELS, 16 + (i + 1) * PIXELS))
                    .as("pixels of image %d", i)
                    .isTrue();
        }
        assertThat(labels)
                .hasSize(10)
                .allSatisfy((label, count) -> assertThat(count).isEqualTo(1000));
    }

    @Test
    void streamAndProbe_ofOneShuffle_shareNoImage() {
        PushRequest shuffled = TestPush.images(IMAGES).withOrder(Order.SHUFFLED, 1);
        TestPush probe = new TestPush();
        TestPush stream = new TestPush();
        probe.push(shuffled.withLimit(2_000));
        stream.push(shuffled.withSkip(2_000).withLabels(new Labels.None()));

        Set<String> all = new HashSet<>(probe.ids());
        all.addAll(stream.ids());
        assertThat(probe.sent()).hasSize(2_000);
        assertThat(stream.sent()).hasSize(8_000);
        assertThat(all).hasSize(10_000);
    }
}
