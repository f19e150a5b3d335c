package org.millrace.ingest.push;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.millrace.contract.UserException;
import org.millrace.ingest.label.Labels;
import org.millrace.ingest.push.PushRequest.Order;
import org.millrace.ingest.source.TestImages;

/** Order, repeat, limit and skip. */
final class OrderTest {
    private static final int IMAGES = 60;

    @TempDir
    Path temporary;

    @ParameterizedTest
    @ValueSource(strings = {"folder", "set.tar", "set.tar.gz", "set.zip"})
    void shuffled_isAPermutationFromTheSeed_newInEachPass(String kind) throws IOException {
        Path source = source(kind);
        long seed = 42;
        System.out.println("seed " + seed);
        List<String> asIs = names(TestPush.images(source));
        List<String> first = names(TestPush.images(source).withOrder(Order.SHUFFLED, seed));
        List<String> twice =
                names(TestPush.images(source).withOrder(Order.SHUFFLED, seed).withRepeat(2));

        assertThat(first).isNotEqualTo(asIs).containsExactlyInAnyOrderElementsOf(asIs);
        assertThat(twice.subList(0, IMAGES)).isEqualTo(first);
        assertThat(twice.subList(IMAGES, 2 * IMAGES)).isNotEqualTo(first).containsExactlyInAnyOrderElementsOf(asIs);
        assertThat(names(TestPush.images(source).withOrder(Order.SHUFFLED, seed + 1)))
                .isNotEqualTo(first);
    }

    @Test
    void shuffled_imagesComeWithTheirOwnBytesAndLabels() throws IOException {
        for (String kind : List.of("folder", "set.tar", "set.tar.gz", "set.zip")) {
            TestPush push = new TestPush();
            push.push(TestPush.images(source(kind)).withOrder(Order.SHUFFLED, 3).withLabels(new Labels.FromFolder()));
            for (var record : push.sent()) {
                String id = TestPush.id(record);
                int number = Integer.parseInt(id.substring(id.lastIndexOf('/') + 1, id.length() - 4));
                assertThat(record.value()).isEqualTo(TestImages.png(number));
                assertThat(TestPush.label(record)).contains("c" + number % 3);
            }
        }
    }

    @Test
    void byLabel_putsClassAfterClass_numbersByValue_unlabelledLast() throws IOException {
        Path images = TestImages.idxImages(temporary.resolve("t-images-idx3-ubyte"), 6, 2, 2);
        TestImages.idxLabels(temporary.resolve("t-labels-idx1-ubyte"), 10, 9, 2, 10, 2, 9);
        assertThat(names(TestPush.images(images).withOrder(Order.BY_LABEL, 1)))
                .containsExactly("2", "4", "1", "5", "0", "3");

        Map<String, byte[]> files = new LinkedHashMap<>();
        files.put("root.png", TestImages.png(1));
        files.put("dog/1.png", TestImages.png(2));
        files.put("cat/1.png", TestImages.png(3));
        Path zip = TestImages.zip(temporary.resolve("pets.zip"), files);
        PushRequest request = TestPush.images(zip).withOrder(Order.BY_LABEL, 1);
        assertThat(names(request.withLabels(new Labels.FromFolder())))
                .containsExactly("cat/1.png", "dog/1.png", "root.png");
        assertThatThrownBy(() -> names(request))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("--order by-label needs labels");
    }

    @ParameterizedTest
    @ValueSource(strings = {"AS_IS", "SHUFFLED", "BY_LABEL"})
    void skipAndLimit_ofOneOrder_areDisjointParts_alsoWhenRepeated(Order order) throws IOException {
        Path source = source("set.tar.gz");
        PushRequest request = TestPush.images(source).withOrder(order, 9).withLabels(new Labels.FromFolder());

        List<String> probe = names(request.withLimit(20));
        List<String> stream = names(request.withSkip(20).withRepeat(3));

        assertThat(probe).hasSize(20);
        assertThat(stream).hasSize(3 * (IMAGES - 20)).doesNotContainAnyElementsOf(probe);
        Set<String> all = new HashSet<>(probe);
        all.addAll(stream);
        assertThat(all).hasSize(IMAGES);
        for (int pass = 0; pass < 3; pass++) {
            assertThat(stream.subList(pass * 40, (pass + 1) * 40)).doesNotHaveDuplicates();
        }
    }

    @Test
    void skipAndLimit_countImages_notRejects() throws IOException {
        Map<String, byte[]> files = new LinkedHashMap<>();
        for (int i = 0; i < 10; i++) {
            files.put(i + ".txt", TestImages.text("text"));
            files.put(i + ".png", TestImages.png(i));
        }
        Path source = TestImages.tar(temporary.resolve("mixed.tar"), files);
        assertThat(names(TestPush.images(source).withLimit(2))).containsExactly("0.png", "1.png");
        assertThat(names(TestPush.images(source).withSkip(2).withLimit(2))).containsExactly("2.png", "3.png");
        assertThat(names(TestPush.images(source).withSkip(8).withLimit(5).withRepeat(9)))
                .containsExactly("8.png", "9.png", "8.png", "9.png", "8.png");
        assertThat(names(TestPush.images(source).withSkip(100))).isEmpty();
    }

    @Test
    void repeat_rejectsOnlyOnce_andRepeatsNamesOfStandardInput() throws IOException {
        Path one = TestImages.write(temporary.resolve("one.png"), TestImages.png(1));
        Path text = TestImages.write(temporary.resolve("two.png"), TestImages.text("text"));
        TestPush push = new TestPush().typing(one + "\n" + text + "\n");

        PushReport report = push.push(TestPush.images(Path.of("-")).withRepeat(3));

        assertThat(push.ids()).containsExactly(one.toString(), one.toString(), one.toString());
        assertThat(report.rejected()).isEqualTo(1);
        assertThat(push.rejects()).hasSize(1);
    }

    @Test
    void shuffled_compressedTarBeyondTheMemoryAllowed_saysWhatToDo() throws IOException {
        Path source = source("set.tar.gz");
        PushRequest request = TestPush.images(source).withOrder(Order.SHUFFLED, 1);
        assertThatThrownBy(() -> new TestPush().holding(5_000).push(request))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("holds its images in memory")
                .hasMessageContaining("Pushed before that: 0 images");
        assertThat(names(TestPush.images(source("set.tar")).withOrder(Order.SHUFFLED, 1), 5_000))
                .hasSize(IMAGES);
    }

    @Test
    void progress_expectsWhatComes() throws IOException {
        List<Long> expected = new ArrayList<>();
        List<Long> pushed = new ArrayList<>();
        PushProgress progress = new PushProgress() {
            @Override
            public void update(long images, long rejected, long bytes) {
                pushed.add(images);
            }

            @Override
            public void expect(long atMost) {
                expected.add(atMost);
            }
        };
        new TestPush()
                .push(
                        TestPush.images(source("set.zip"))
                                .withOrder(Order.SHUFFLED, 1)
                                .withSkip(10)
                                .withRepeat(2),
                        progress);
        assertThat(expected).containsExactly(100L);
        assertThat(pushed).hasSize(100).isSorted().endsWith(100L);
    }

    private Path source(String kind) throws IOException {
        Map<String, byte[]> files = new LinkedHashMap<>();
        for (int i = 0; i < IMAGES; i++) {
            files.put("c%d/%02d.png".formatted(i % 3, i), TestImages.png(i));
        }
        Path path = temporary.resolve(kind);
        if (kind.equals("folder")) {
            return TestImages.folder(path, files);
        }
        return kind.endsWith("zip") ? TestImages.zip(path, files) : TestImages.tar(path, files);
    }

    private static List<String> names(PushRequest request) {
        return names(request, 64 << 20);
    }

    private static List<String> names(PushRequest request, long heldBytes) {
        TestPush push = new TestPush().holding(heldBytes);
        push.push(request);
        return push.names();
    }
}
