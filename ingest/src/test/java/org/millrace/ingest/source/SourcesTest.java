package org.millrace.ingest.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.millrace.contract.ImageHeaders;
import org.millrace.contract.UserException;
import org.millrace.ingest.push.PushReport;
import org.millrace.ingest.push.TestPush;

/** Every kind of source, read from real files. */
final class SourcesTest {
    private static final byte[] ONE = TestImages.png(1);
    private static final byte[] TWO = TestImages.encoded("jpeg", 2);

    @TempDir
    Path temporary;

    private final TestPush push = new TestPush();
    private final Map<String, byte[]> files = new LinkedHashMap<>();

    @BeforeEach
    void namesOfAllSorts() {
        files.put("b/2.jpg", TWO);
        files.put("a/1.png", ONE);
        files.put("a/deep/er/3.png", TestImages.png(3));
        files.put("a/._1.png", TestImages.text("macOS twin"));
        files.put(".DS_Store", TestImages.text("macOS"));
        files.put("b/Thumbs.db", TestImages.text("Windows"));
        files.put("__MACOSX/a/1.png", TestImages.text("macOS"));
        files.put(".git/config", TestImages.text("a hidden folder"));
    }

    @Test
    void folder_isReadRecursivelyInOrderOfNames_withoutJunk() throws IOException {
        Path folder = TestImages.folder(temporary.resolve("photos"), files);
        Files.setLastModifiedTime(folder.resolve("b/2.jpg"), FileTime.from(Instant.parse("2024-05-06T07:08:09Z")));

        PushReport report = push.push(TestPush.images(folder));

        assertThat(push.ids()).containsExactly("photos/a/1.png", "photos/a/deep/er/3.png", "photos/b/2.jpg");
        assertThat(push.rejects()).isEmpty();
        assertThat(report.pushed()).isEqualTo(3);
        assertThat(report.bytes()).isEqualTo(ONE.length + TWO.length + TestImages.png(3).length);
        var last = push.sent().get(2);
        assertThat(last.value()).isEqualTo(TWO);
        assertThat(TestPush.header(last, ImageHeaders.CONTENT_TYPE)).contains("image/jpeg");
        assertThat(TestPush.header(last, ImageHeaders.SOURCE)).contains(folder.toString());
        assertThat(TestPush.header(last, ImageHeaders.CAPTURED_AT)).contains("2024-05-06T07:08:09Z");
        assertThat(TestPush.label(last)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"set.tar", "set.tar.gz", "set.tgz", "set.zip"})
    void archive_isReadInItsOwnOrder_withoutJunk(String name) throws IOException {
        files.put("./c/4.png", TestImages.png(4));
        Path archive = temporary.resolve(name);
        if (name.endsWith("zip")) {
            TestImages.zip(archive, files);
        } else {
            TestImages.tar(archive, files);
        }

        push.push(TestPush.images(archive));

        assertThat(push.names()).containsExactly("b/2.jpg", "a/1.png", "a/deep/er/3.png", "c/4.png");
        assertThat(push.ids()).allMatch(id -> id.startsWith(name + "!"));
        assertThat(push.sent().get(0).value()).isEqualTo(TWO);
        assertThat(push.sent().get(1).value()).isEqualTo(ONE);
        assertThat(TestPush.header(push.sent().get(0), ImageHeaders.CAPTURED_AT).isPresent())
                .isEqualTo(!name.endsWith("zip"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"set.tar", "set.tar.gz", "set.zip"})
    void archive_hostileNames_areNamesOnly(String name) throws IOException {
        Path inner = Files.createDirectory(temporary.resolve("inner"));
        Path victim = temporary.resolve("x.png");
        Map<String, byte[]> hostile = new LinkedHashMap<>();
        hostile.put("../x.png", ONE);
        hostile.put(victim.toString(), ONE);
        hostile.put("../../etc/passwd", TestImages.text("root:x"));
        hostile.put("line\nbreak.png", ONE);
        hostile.put("n".repeat(10_000) + ".png", ONE);
        Path archive = inner.resolve(name);
        if (name.endsWith("zip")) {
            TestImages.zip(archive, hostile);
        } else {
            TestImages.tar(archive, hostile);
        }

        push.push(TestPush.images(archive));

        assertThat(push.ids()).containsExactly(name + "!../x.png", name + "!" + victim, name + "!line�0Abreak.png");
        assertThat(push.reasons())
                .containsExactly(
                        "not an image: begins with text 'root:x'",
                        "cannot be read: its name is longer than 4096 characters");
        assertThat(victim).doesNotExist();
        try (var left = Files.list(inner)) {
            assertThat(left.toList()).containsExactly(archive);
        }
    }

    @Test
    void folder_links_areReadWithinItOnly() throws IOException {
        Path folder = TestImages.folder(temporary.resolve("photos"), Map.of("a/1.png", ONE));
        TestImages.folder(temporary.resolve("outside"), Map.of("secret.png", TWO));
        Files.createSymbolicLink(folder.resolve("b.png"), Path.of("a/1.png"));
        Files.createSymbolicLink(folder.resolve("c.png"), Path.of("../outside/secret.png"));
        Files.createSymbolicLink(folder.resolve("d"), Path.of("../outside"));
        Files.createSymbolicLink(folder.resolve("e.png"), Path.of("nowhere"));
        Files.createSymbolicLink(folder.resolve("f"), Path.of(".")); // a loop

        push.push(TestPush.images(folder));

        assertThat(push.names()).containsExactly("a/1.png", "b.png");
        assertThat(push.reasons()).hasSize(4).allMatch(reason -> reason.startsWith("cannot be read: a link"));
        assertThat(push.rejects()).allMatch(reject -> reject.value().length == 0);
    }

    @Test
    void tarAndZip_entryLargerThanAllowed_isRejectedWithItsBeginning() throws IOException {
        byte[] giant = new byte[TestPush.IMAGES.maxBytes() + 5_000];
        System.arraycopy(ONE, 0, giant, 0, ONE.length);
        Map<String, byte[]> entries = new LinkedHashMap<>();
        entries.put("giant.png", giant);
        entries.put("small.png", ONE);
        Path gzip = TestImages.tar(temporary.resolve("set.tar.gz"), entries);
        Path tar = TestImages.tar(temporary.resolve("set.tar"), entries);
        Path zip = TestImages.zip(temporary.resolve("set.zip"), entries);

        PushReport report = push.push(TestPush.images(gzip, tar, zip));

        assertThat(push.names()).containsExactly("small.png", "small.png", "small.png");
        assertThat(push.reasons())
                .containsOnly("larger than images.max-bytes (100000): 105000 bytes"
                        + " (the first 65536 of 105000 bytes are kept)");
        assertThat(push.rejects()).hasSize(3).allMatch(reject -> reject.value().length == 65536);
        assertThat(TestPush.header(push.rejects().get(0), ImageHeaders.REJECT_POSITION))
                .contains(gzip + "!giant.png");
        assertThat(report.rejectionsByReason()).containsExactly(Map.entry("larger than images.max-bytes", 3L));
    }

    @ParameterizedTest
    @ValueSource(strings = {"t10k-images-idx3-ubyte", "t10k-images-idx3-ubyte.gz", "anything.idx"})
    void idx_imagesArePngsOfTheSamePixels(String name) throws IOException {
        Path images = TestImages.idxImages(temporary.resolve(name), 3, 4, 5);

        push.push(TestPush.images(images));

        assertThat(push.ids()).containsExactly(name + "!0", name + "!1", name + "!2");
        BufferedImage decoded =
                ImageIO.read(new ByteArrayInputStream(push.sent().get(2).value()));
        assertThat(decoded.getWidth()).isEqualTo(5);
        assertThat(decoded.getHeight()).isEqualTo(4);
        assertThat(decoded.getRaster().getSample(3, 2, 0)).isEqualTo(2 + 10 * 2 + 3);
    }

    @Test
    void singleFile_textNamedJpg_isRejected() throws IOException {
        Path text = TestImages.write(temporary.resolve("cat.jpg"), TestImages.text("hello"));
        Path image = TestImages.write(temporary.resolve("dog.jpg"), TWO);

        PushReport report = push.push(TestPush.images(text, image));

        assertThat(push.ids()).containsExactly(image.toString());
        assertThat(push.reasons()).containsExactly("not an image: begins with text 'hello'");
        var reject = push.rejects().get(0);
        assertThat(reject.value()).isEqualTo(TestImages.text("hello"));
        assertThat(TestPush.id(reject)).isEqualTo(text.toString());
        assertThat(TestPush.header(reject, ImageHeaders.REJECT_POSITION)).contains(text.toString());
        assertThat(TestPush.header(reject, ImageHeaders.SOURCE)).contains(text.toString());
        assertThat(report.rejected()).isEqualTo(1);
    }

    @Test
    void folder_ofNothingButRejects_isReported() throws IOException {
        Path folder = TestImages.folder(
                temporary.resolve("notes"), Map.of("a.txt", TestImages.text("notes"), "b.jpg", new byte[0]));

        PushReport report = push.push(TestPush.images(folder));

        assertThat(report.pushed()).isZero();
        assertThat(report.rejectionsByReason()).containsExactly(Map.entry("empty", 1L), Map.entry("not an image", 1L));
    }

    @Test
    void standardInput_namesAreReadOnePerLine() throws IOException {
        Path one = TestImages.write(temporary.resolve("one.png"), ONE);
        Path two = TestImages.write(temporary.resolve("two with space.jpg"), TWO);
        Path folder = Files.createDirectory(temporary.resolve("folder"));
        String names = one + "\n\n" + two + "\r\n" + temporary.resolve("absent.png") + "\n" + folder + "\n"
                + temporary.resolve(".DS_Store") + "\n" + one;

        push.typing(names).push(TestPush.images(Path.of("-")));

        assertThat(push.ids()).containsExactly(one.toString(), two.toString(), one.toString());
        assertThat(push.reasons())
                .containsExactly(
                        "cannot be read: no such file", "cannot be read: a folder; give it as a path of its own");
    }

    @Test
    void standardInput_anImageInsteadOfNames_isSaid() {
        byte[] noNames = new byte[50_000];
        assertThatThrownBy(() -> push.typing(noNames).push(TestPush.images(Path.of("-"))))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("wanted file names on standard input");
    }

    @Test
    void sources_ofOneName_haveIdsApart() throws IOException {
        Path left = TestImages.folder(temporary.resolve("left/images"), Map.of("1.png", ONE));
        Path right = TestImages.folder(temporary.resolve("right/images"), Map.of("1.png", TWO));

        push.push(TestPush.images(left, right));

        assertThat(push.ids()).isEqualTo(List.of(left + "/1.png", right + "/1.png"));
    }
}
