package org.millrace.ingest.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.millrace.contract.Count;
import org.millrace.contract.UserException;
import org.millrace.ingest.push.PushRequest;
import org.millrace.ingest.push.PushRequest.Order;
import org.millrace.ingest.push.TestPush;

/** What a user is told about sources that are missing, empty or damaged. */
final class BadSourcesTest {
    @TempDir
    Path temporary;

    private final TestPush push = new TestPush();

    @Test
    void push_missingPath_isSaidBeforeAnythingIsPushed() throws IOException {
        Path good = TestImages.write(temporary.resolve("1.png"), TestImages.png(1));
        Path missing = temporary.resolve("nowhere");
        says(TestPush.images(good, missing), "push: no such file or folder: " + missing);
        assertThat(push.producer.history()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"AS_IS", "SHUFFLED"})
    void push_emptyFolder_isSaid(Order order) throws IOException {
        Path folder = TestImages.folder(temporary.resolve("empty"), Map.of(".DS_Store", TestImages.text("junk")));
        Files.createDirectory(folder.resolve("nor here"));
        says(TestPush.images(folder).withOrder(order, 1), folder + " holds no files");
    }

    @Test
    void push_emptyArchivesAndInput_areSaid() throws IOException {
        says(TestPush.images(TestImages.tar(temporary.resolve("a.tar"), Map.of())), "a.tar holds no files");
        says(TestPush.images(TestImages.zip(temporary.resolve("a.zip"), Map.of())), "a.zip holds no files");
        says(TestPush.images(TestImages.idxImages(temporary.resolve("a.idx"), 0, 2, 2)), "a.idx holds no files");
        says(TestPush.images(Path.of("-")), "no file names came on standard input");
    }

    @Test
    void push_fileThatIsNotWhatItsNameSays_isSaid() throws IOException {
        byte[] text = TestImages.text("this is no archive at all. ".repeat(100));
        for (String name : List.of("a.tar", "b.zip", "c.idx", "d-idx3-ubyte", "e.tgz")) {
            Path file = TestImages.write(temporary.resolve(name), text);
            says(TestPush.images(file), name);
        }
        Path gzip = temporary.resolve("f.png.gz");
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(gzip))) {
            out.write(TestImages.png(1));
        }
        says(TestPush.images(gzip), "holds neither a tar nor an IDX file");
    }

    @Test
    void push_idxWithAnotherMagic_saysWantedAndGot() throws IOException {
        Path labels = TestImages.idxLabels(temporary.resolve("labels-idx1-ubyte.gz"), 1, 2);
        says(TestPush.images(labels), "begins with 0x00000801, wanted 0x00000803", "these are labels");
        Path floats = TestImages.write(temporary.resolve("f.idx"), new byte[] {0, 0, 0x0d, 3, 0, 0, 0, 1});
        says(TestPush.images(floats), "begins with 0x00000d03, wanted 0x00000803");
        Path size = TestImages.write(
                temporary.resolve("g.idx"), new byte[] {0, 0, 8, 3, 0, 0, 0, 1, 0x7f, 0, 0, 0, 0x7f, 0, 0, 0});
        says(TestPush.images(size), "dimension 2", "must be in [1, 8192], but was 2130706432");
    }

    @ParameterizedTest
    @ValueSource(strings = {"t-images-idx3-ubyte", "t-images-idx3-ubyte.gz"})
    void push_truncatedIdx_saysWhereAndHowManyWerePushed(String name) throws IOException {
        Path images = TestImages.idxImages(temporary.resolve(name), 1000, 28, 28);
        byte[] whole = Files.readAllBytes(images);
        Files.write(images, Arrays.copyOf(whole, whole.length - whole.length / 10));

        assertThat(messageOf(TestPush.images(images)))
                .contains(
                        "wanted 1000 items, got ",
                        "Pushed before that: " + Count.of(push.sent().size(), "image"));
        assertThat(push.sent()).hasSizeGreaterThan(500).hasSizeLessThan(1000);
    }

    @Test
    void push_idxWithFewerLabels_saysBothCounts() throws IOException {
        Path images = TestImages.idxImages(temporary.resolve("t-images-idx3-ubyte"), 3, 2, 2);
        TestImages.idxLabels(temporary.resolve("t-labels-idx1-ubyte"), 1, 2);
        says(TestPush.images(images), "holds 3 images, but", "holds 2 labels");
    }

    @ParameterizedTest
    @ValueSource(strings = {"set.tar", "set.tar.gz", "set.zip"})
    void push_archiveDamagedMidway_saysWhichAndHowManyWerePushed(String name) throws IOException {
        Map<String, byte[]> entries = new LinkedHashMap<>();
        long seed = 5;
        System.out.println("seed " + seed);
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < 40; i++) {
            byte[] image = Arrays.copyOf(TestImages.png(i), 5_000);
            for (int at = 200; at < image.length; at++) {
                image[at] = (byte) random.nextInt(); // noise does not compress
            }
            entries.put("%02d.png".formatted(i), image);
        }
        Path archive = temporary.resolve(name);
        if (name.endsWith("zip")) {
            TestImages.zip(archive, entries);
            byte[] bytes = Files.readAllBytes(archive);
            bytes[bytes.length / 2] ^= 0x10;
            Files.write(archive, bytes);
        } else {
            TestImages.tar(archive, entries);
            byte[] bytes = Files.readAllBytes(archive);
            Files.write(archive, Arrays.copyOf(bytes, bytes.length / 2));
        }

        assertThat(messageOf(TestPush.images(archive)))
                .contains("push: %s is damaged or cut short as a %s file"
                        .formatted(archive, name.endsWith("zip") ? "zip" : "tar"))
                .contains("Pushed before that: " + Count.of(push.sent().size(), "image"));
        assertThat(push.sent()).hasSizeBetween(10, 30);
    }

    @Test
    void push_bitsFlipped_neverFailsWithAnythingButAMessage() throws IOException {
        Map<String, byte[]> entries = new LinkedHashMap<>();
        for (int i = 0; i < 5; i++) {
            entries.put("class%d/%s%d.png".formatted(i % 2, "long".repeat(i * 12), i), TestImages.png(i));
        }
        List<Path> archives = List.of(
                TestImages.tar(temporary.resolve("a.tar"), entries),
                TestImages.tar(temporary.resolve("b.tar.gz"), entries),
                TestImages.zip(temporary.resolve("c.zip"), entries),
                TestImages.idxImages(temporary.resolve("d.idx"), 5, 3, 3));
        long seed = 20_240_607;
        System.out.println("seed " + seed);
        SplittableRandom random = new SplittableRandom(seed);
        for (Path archive : archives) {
            byte[] whole = Files.readAllBytes(archive);
            for (int round = 0; round < 150; round++) {
                byte[] bytes = whole.clone();
                for (int flips = 1 + random.nextInt(3); flips > 0; flips--) {
                    bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
                }
                Files.write(archive, bytes);
                Order order = random.nextBoolean() ? Order.AS_IS : Order.SHUFFLED;
                try {
                    new TestPush().push(TestPush.images(archive).withOrder(order, round));
                } catch (UserException e) {
                    assertThat(e).hasMessageStartingWith("push: ").hasMessageContaining(archive.toString());
                }
            }
        }
    }

    @Test
    void push_tarOfEndlessName_isRefusedWithoutReadingItAll() throws IOException {
        Path bomb = temporary.resolve("bomb.tar.gz");
        byte[] header = new byte[512];
        byte[] name = TestImages.text("././@LongLink");
        System.arraycopy(name, 0, header, 0, name.length);
        byte[] size = TestImages.text("77777777777"); // 8 GiB
        System.arraycopy(size, 0, header, 124, size.length);
        header[156] = 'L';
        Arrays.fill(header, 148, 156, (byte) ' ');
        int sum = 0;
        for (byte value : header) {
            sum += value & 0xff;
        }
        byte[] checksum = TestImages.text("%06o\0 ".formatted(sum));
        System.arraycopy(checksum, 0, header, 148, checksum.length);
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(bomb))) {
            out.write(header);
            for (int i = 0; i < 64; i++) {
                out.write(new byte[1 << 20]);
            }
        }
        says(TestPush.images(bomb), "the header of an entry is too long");
    }

    private void says(PushRequest request, String... parts) {
        assertThat(messageOf(request)).contains(parts);
    }

    private String messageOf(PushRequest request) {
        UserException problem = assertThrows(UserException.class, () -> push.push(request));
        return String.valueOf(problem.getMessage());
    }
}
