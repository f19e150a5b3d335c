package org.millrace.ingest.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.millrace.contract.UserException;
import org.millrace.ingest.label.Labels;
import org.millrace.ingest.push.TestPush;
import org.millrace.ingest.source.TestImages;

final class LabelledFilesTest {

    @TempDir
    private Path temporary;

    private final List<LabelledFiles.Image> images = new ArrayList<>();

    @Test
    void read_archiveWithRubbish_givesWhatAPushWouldSend() throws IOException {
        Map<String, byte[]> files = new LinkedHashMap<>();
        files.put("cat/1.png", TestImages.png(1));
        files.put("dog/2.png", TestImages.png(2));
        files.put("dog/notes.txt", TestImages.text("no image"));
        files.put("3.png", TestImages.png(3));
        Path archive = TestImages.tar(temporary.resolve("pets.tar.gz"), files);
        assertThat(read(archive, "folder")).containsOnly(Map.entry("not an image", 1L), Map.entry("no label", 1L));
        TestPush push = new TestPush();
        push.push(TestPush.probe(archive).withLabels(Labels.parse("folder")));
        assertThat(images)
                .extracting(LabelledFiles.Image::id)
                .isEqualTo(push.sent("probe").stream().map(TestPush::id).toList());
        assertThat(images).extracting(LabelledFiles.Image::label).containsExactly("cat", "dog");
        assertThat(images.get(1).file()).isEqualTo(TestImages.png(2));
    }

    @Test
    void read_idxWithLabelsBeside_findsThem() throws IOException {
        Path idx = TestImages.idxImages(temporary.resolve("t-images-idx3-ubyte.gz"), 3, 2, 2);
        TestImages.idxLabels(temporary.resolve("t-labels-idx1-ubyte"), 7, 0, 255);
        assertThat(read(idx, "auto")).isEmpty();
        assertThat(images).extracting(LabelledFiles.Image::label).containsExactly("7", "0", "255");
    }

    @Test
    void read_unusableSource_saysWithoutNamingPush() {
        assertThatThrownBy(() -> read(temporary.resolve("nowhere"), "auto"))
                .isInstanceOf(UserException.class)
                .hasMessageStartingWith("no such file or folder: ");
        assertThatThrownBy(() -> read(temporary, "folder"))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("holds no files")
                .hasMessageNotContaining("push");
    }

    private Map<String, Long> read(Path path, String labels) {
        return LabelledFiles.read(List.of(path.toString()), Labels.parse(labels), TestPush.IMAGES, images::add);
    }
}
