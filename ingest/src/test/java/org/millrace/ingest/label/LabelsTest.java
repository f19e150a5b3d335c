package org.millrace.ingest.label;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.millrace.contract.ImageHeaders;
import org.millrace.contract.UserException;
import org.millrace.ingest.push.PushReport;
import org.millrace.ingest.push.PushRequest;
import org.millrace.ingest.push.PushRequest.Split;
import org.millrace.ingest.push.TestPush;
import org.millrace.ingest.source.TestImages;

/** Labels from folders, CSV files and IDX files. */
final class LabelsTest {
    @TempDir
    Path temporary;

    private final TestPush push = new TestPush();

    @Test
    void folder_labelsAreNamesOfParentFolders() throws IOException {
        Path folder = TestImages.folder(
                temporary.resolve("pets"),
                Map.of("x/cat/1.png", TestImages.png(1), "dog/2.png", TestImages.png(2), "3.png", TestImages.png(3)));

        push.push(TestPush.probe(folder).withLabels(new Labels.FromFolder()));

        assertThat(labels("probe")).containsExactly("pets", "dog", "cat");
    }

    @Test
    void folder_archiveEntryInNoFolder_hasNoLabelAndIsRefusedForTheProbe() throws IOException {
        Map<String, byte[]> files = new LinkedHashMap<>();
        files.put("cat/1.png", TestImages.png(1));
        files.put("2.png", TestImages.png(2));
        Path archive = TestImages.tar(temporary.resolve("pets.tar.gz"), files);

        push.push(TestPush.probe(archive).withLabels(new Labels.FromFolder()));

        assertThat(labels("probe")).containsExactly("cat");
        assertThat(push.reasons()).containsExactly("no label, which every image of the probe needs");
        assertThat(push.rejects().get(0).value()).isEqualTo(TestImages.png(2));
    }

    @Test
    void csv_matchesByPathThenByFileName() throws IOException {
        Map<String, byte[]> files = new LinkedHashMap<>();
        files.put("a/1.png", TestImages.png(1));
        files.put("b/1.png", TestImages.png(2));
        files.put("deep/2.png", TestImages.png(3));
        files.put("unknown.png", TestImages.png(4));
        Path archive = TestImages.zip(temporary.resolve("pets.zip"), files);
        Path csv = csv("path,label\n\"a/1.png\",cat\n./b/1.png,\"dog, old \"\"Rex\"\"\"\n2.png, bird \n");
        PushRequest request = TestPush.probe(archive).withLabels(Labels.parse(csv.toString()));

        PushReport report = push.push(request);

        assertThat(labels("probe")).containsExactly("cat", "dog, old \"Rex\"", "bird");
        assertThat(report.rejectionsByReason()).containsExactly(Map.entry("no label", 1L));
    }

    @Test
    void csv_withoutALabelForAnImage_pushesItUnlabelledToTheStream() throws IOException {
        Path folder = TestImages.folder(
                temporary.resolve("pets"), Map.of("1.png", TestImages.png(1), "2.png", TestImages.png(2)));
        push.push(TestPush.images(folder).withLabels(new Labels.FromFile(csv("2.png,dog\n"))));
        assertThat(push.sent().stream().map(TestPush::label).toList())
                .containsExactly(Optional.empty(), Optional.of("dog"));
    }

    @Test
    void csv_pathThatContainsTheRoot_matches_andAnotherFolderDoesNot() throws IOException {
        Path folder = TestImages.folder(
                temporary.resolve("train"), Map.of("cat/1.png", TestImages.png(1), "dog/2.png", TestImages.png(2)));
        push.push(TestPush.images(folder)
                .withLabels(new Labels.FromFile(csv("train/cat/1.png,cat\ntrain/horse/2.png,horse\n"))));
        assertThat(push.sent().stream().map(TestPush::label).toList())
                .containsExactly(Optional.of("cat"), Optional.empty());
    }

    @Test
    void csv_sameFileNamesInEveryFolder_matchByWhatTheirPathsShare() throws IOException {
        Path folder = TestImages.folder(
                temporary.resolve("photos"), Map.of("cat/1.png", TestImages.png(1), "dog/1.png", TestImages.png(2)));
        push.push(TestPush.images(folder)
                .withLabels(new Labels.FromFile(csv("photos/cat/1.png,cat\nphotos/dog/1.png,dog\n"))));
        push.push(TestPush.images(folder.resolve("dog"))
                .withLabels(new Labels.FromFile(csv(folder + "/cat/1.png,cat\n" + folder + "/dog/1.png,dog\n"))));
        push.push(TestPush.images(folder.resolve("dog"))
                .withLabels(new Labels.FromFile(csv("photos/cat/1.png,cat\nphotos/dog/1.png,dog\n"))));
        assertThat(push.sent().stream().map(TestPush::label).toList())
                .containsExactly(Optional.of("cat"), Optional.of("dog"), Optional.of("dog"), Optional.of("dog"));
    }

    @Test
    void csv_lineOfAnotherFolderWithTheSameFileName_isNotForThisImage() throws IOException {
        Path folder = TestImages.folder(
                temporary.resolve("photos"), Map.of("cat/1.png", TestImages.png(1), "dog/1.png", TestImages.png(2)));
        for (Path source : List.of(folder.resolve("dog"), folder.resolve("dog/1.png"))) {
            says(TestPush.images(source).withLabels(new Labels.FromFile(csv("cat/1.png,cat\n"))), "fits no image");
        }
        push.push(TestPush.images(folder.resolve("dog"))
                .withLabels(new Labels.FromFile(csv("photos/cat/1.png,cat\ndog/1.png,dog\n"))));
        assertThat(labels("images")).containsExactly("dog");
    }

    @Test
    void csv_renamedRootAboveTheSource_stillFits() throws IOException {
        Path folder = TestImages.folder(temporary.resolve("renamed"), Map.of("cat/1.png", TestImages.png(1)));
        push.push(TestPush.images(folder).withLabels(new Labels.FromFile(csv("train/cat/1.png,cat\n"))));
        Path archive = TestImages.zip(temporary.resolve("some.zip"), Map.of("1.png", TestImages.png(1)));
        push.push(TestPush.images(archive).withLabels(new Labels.FromFile(csv("train/1.png,dog\n"))));
        assertThat(labels("images")).containsExactly("cat", "dog");
    }

    @Test
    void csv_severalLinesThatFitOneImage_areRefusedByName() throws IOException {
        Path archive = TestImages.zip(temporary.resolve("some.zip"), Map.of("1.png", TestImages.png(1)));
        says(
                TestPush.images(archive).withLabels(new Labels.FromFile(csv("cat/1.png,cat\ndog/1.png,dog\n"))),
                "has 2 lines that fit " + archive + "!1.png: line 1 ('cat/1.png'), line 2 ('dog/1.png')");
        Path folder = TestImages.folder(temporary.resolve("pets"), Map.of("x/1.png", TestImages.png(1)));
        says(
                TestPush.images(folder).withLabels(new Labels.FromFile(csv("a/x/1.png,cat\nb/x/1.png,dog\n"))),
                "line 1 ('a/x/1.png'), line 2 ('b/x/1.png'); write its path within the source");
        assertThat(push.producer.history()).isEmpty();
    }

    @Test
    void csv_lineThatFitsTwoImages_isSaid() throws IOException {
        Path folder = TestImages.folder(
                temporary.resolve("pets"), Map.of("a/1.png", TestImages.png(1), "b/1.png", TestImages.png(2)));
        says(
                TestPush.probe(folder).withLabels(new Labels.FromFile(csv("1.png,cat\n"))),
                "line 1 ('1.png') fits two images");
    }

    @Test
    void csv_unusable_saysLineAndWanted() throws IOException {
        Path folder = TestImages.folder(temporary.resolve("pets"), Map.of("1.png", TestImages.png(1)));
        PushRequest request = TestPush.probe(folder);
        says(request.withLabels(new Labels.FromFile(csv("1.png cat\n"))), "line 1: wanted path,label, got 1 fields");
        says(
                request.withLabels(new Labels.FromFile(csv("1.png,cat\n1.png,dog\n"))),
                "'cat' on line 1 and 'dog' on line 2");
        says(request.withLabels(new Labels.FromFile(csv("path,label\n"))), "holds no line of path,label");
        says(request.withLabels(Labels.parse(temporary + "/folders")), "no such file of labels");
        Path utf16 = Files.write(temporary.resolve("l.csv"), "1.png,cat\n".getBytes(StandardCharsets.UTF_16));
        says(
                request.withLabels(new Labels.FromFile(utf16)),
                "is not text in UTF-8 or another 8-bit encoding (UTF-16?)");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "1.png;cat, old\n2.png;dog\n",
                "\ufeff1.png\tcat, old\r\n\r\n2.png\tdog\r\n",
                "1.png,\"cat, old\"\n2.png,dog\n"
            })
    void csv_separator_isTheOneOfEveryLine(String lines) throws IOException {
        Path folder = TestImages.folder(
                temporary.resolve("pets"), Map.of("1.png", TestImages.png(1), "2.png", TestImages.png(2)));
        push.push(TestPush.probe(folder).withLabels(new Labels.FromFile(csv(lines))));
        assertThat(labels("probe")).containsExactly("cat, old", "dog");
    }

    @ParameterizedTest
    @ValueSource(strings = {"pets", "pets.tar.gz", "pets.zip", "-"})
    void csv_fitsNoImage_isSaidBeforeAnythingIsSent(String name) throws IOException {
        Map<String, byte[]> files = new LinkedHashMap<>();
        for (int i = 0; i < 5; i++) {
            files.put("x/" + i + ".png", TestImages.png(i));
        }
        Path source = temporary.resolve(name);
        switch (name) {
            case "pets" -> TestImages.folder(source, files);
            case "pets.zip" -> TestImages.zip(source, files);
            case "pets.tar.gz" -> TestImages.tar(source, files);
            default -> {
                Path folder = TestImages.folder(temporary.resolve("typed"), files);
                push.typing(folder + "/x/0.png\n" + folder + "/x/1.png\n");
                source = Path.of("-");
            }
        }
        Labels labels = new Labels.FromFile(csv("a/7.png,cat\na/8.png,dog\n"));

        PushRequest request = TestPush.images(source).withLabels(labels);
        says(request, "fits no image: it has 2 labels, first for 'a/7.png', 'a/8.png', but the first images are '");
        assertThat(push.producer.history()).isEmpty();
    }

    @Test
    void csv_fitsLaterNamesOfStandardInput_pushesTheFirstOnesToo() throws IOException {
        Path folder = TestImages.folder(
                temporary.resolve("pets"), Map.of("1.png", TestImages.png(1), "2.png", TestImages.png(2)));
        push.typing(folder + "/1.png\n" + folder + "/2.png\n");
        push.push(TestPush.images(Path.of("-")).withLabels(new Labels.FromFile(csv("2.png,dog\n"))));
        assertThat(push.sent().stream().map(TestPush::label).toList())
                .containsExactly(Optional.empty(), Optional.of("dog"));
    }

    @Test
    void idx_labelsBesideAreFound_andLeftOutOnRequest() throws IOException {
        Path images = TestImages.idxImages(temporary.resolve("t-images-idx3-ubyte.gz"), 3, 2, 2);
        TestImages.idxLabels(temporary.resolve("t-labels-idx1-ubyte"), 7, 0, 255);

        push.push(TestPush.probe(images));
        push.push(TestPush.images(images).withLabels(new Labels.None()));

        assertThat(labels("probe")).containsExactly("7", "0", "255");
        assertThat(push.sent())
                .hasSize(3)
                .allMatch(record -> TestPush.label(record).isEmpty());
    }

    @Test
    void idx_labelsFileGiven_isUsed_butOnlyForOneIdxFile() throws IOException {
        Path images = TestImages.idxImages(temporary.resolve("some.idx"), 2, 2, 2);
        Path given = TestImages.idxLabels(temporary.resolve("names.bin"), 4, 5);
        Path other = TestImages.write(temporary.resolve("1.png"), TestImages.png(1));

        push.push(TestPush.withSplit(TestPush.probe(images).withLabels(Labels.parse(given.toString())), Split.TEST));

        assertThat(labels("probe")).containsExactly("4", "5");
        assertThat(push.sent("probe"))
                .allMatch(record -> TestPush.header(record, ImageHeaders.SPLIT).equals(Optional.of("test")));
        says(TestPush.probe(images, other).withLabels(new Labels.FromFile(given)), "fit exactly one IDX file");
        says(TestPush.probe(images).withLabels(new Labels.FromFolder()), "whose images lie in no folder");
    }

    @Test
    void parse_knowsWordsAndFiles() {
        assertThat(Labels.parse("folder")).isEqualTo(new Labels.FromFolder());
        assertThat(Labels.parse("none")).isEqualTo(new Labels.None());
        assertThat(Labels.parse("auto")).isEqualTo(new Labels.Automatic());
        assertThat(Labels.parse("l.csv")).isEqualTo(new Labels.FromFile(Path.of("l.csv")));
    }

    private List<String> labels(String topic) {
        return push.sent(topic).stream()
                .map(record -> TestPush.label(record).orElseThrow())
                .toList();
    }

    private Path csv(String text) throws IOException {
        return Files.writeString(Files.createTempFile(temporary, "labels", ".csv"), text);
    }

    private void says(PushRequest request, String part) {
        assertThatThrownBy(() -> push.push(request))
                .isInstanceOf(UserException.class)
                .hasMessageContaining(part);
    }
}
