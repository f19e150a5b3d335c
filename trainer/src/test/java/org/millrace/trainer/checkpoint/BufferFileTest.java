package org.millrace.trainer.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.millrace.contract.ImageOffset;
import org.millrace.keystore.ImageId;
import org.millrace.keystore.image.FileKey;
import org.millrace.trainer.stream.LoggedImage;
import org.millrace.trainer.stream.ReplayContent;
import org.millrace.trainer.stream.ReplayContent.Kept;
import org.millrace.trainer.stream.StoredImage;
import org.millrace.trainer.stream.TrainedImages;

final class BufferFileTest {
    private static final LoggedImage FIRST =
            new LoggedImage(new ImageOffset(1, 5_000_000_000L), 77, "räuber.jpg", new byte[] {1, 2, 3});
    private static final LoggedImage SECOND = new LoggedImage(new ImageOffset(0, 9), 78, "", new byte[0]);
    private static final FileKey FIRST_FILE = FileKey.of(FIRST.at(), FIRST.file());
    private static final FileKey SECOND_FILE = FileKey.of(SECOND.at(), SECOND.file());

    @Test
    void read_written_sameContent() throws IOException {
        ReplayContent content = new ReplayContent(
                List.of(
                        new Kept(StoredImage.of(FIRST), Optional.of(new float[] {0.6f, -0.8f, Float.MIN_VALUE})),
                        new Kept(StoredImage.of(SECOND), Optional.empty())),
                List.of(
                        new TrainedImages(4, List.of(FIRST.at(), SECOND.at()), new float[] {1, 2, 3, 4, 5, 6}),
                        new TrainedImages(5, List.of(SECOND.at()), new float[] {7, 8, 9})));
        byte[] written = BufferFile.write(content);
        assertThat(BufferFile.read(written)).usingRecursiveComparison().isEqualTo(content);
        assertThat(BufferFile.readNeeded(written)).isEqualTo(content.needed());
        assertThat(content.files()).isEmpty();
    }

    /** 65,536 images, with 12 bytes of id and a source each, are under 20 MB whatever their files are. */
    @Test
    void write_manyImages_referencesOnly() throws IOException {
        List<Kept> images = new ArrayList<>();
        for (int offset = 0; offset < 65_536; offset++) {
            images.add(new Kept(
                    new StoredImage(
                            new FileKey(new ImageOffset(0, offset), 100_000, offset),
                            1,
                            Optional.of(new ImageId("photo-000000".getBytes(StandardCharsets.UTF_8))),
                            "/pictures/2026/photo-000000.jpg"),
                    Optional.empty()));
        }
        assertThat(BufferFile.write(new ReplayContent(images, List.of()))).hasSizeLessThan(6_000_000);
    }

    @Test
    void read_segmentsWritten_same() throws IOException {
        ReplayContent content = new ReplayContent(
                List.of(
                        new Kept(StoredImage.of(FIRST).inSegment(OptionalLong.of(4_999_999_990L)), Optional.empty()),
                        new Kept(StoredImage.of(SECOND), Optional.of(new float[] {1}))),
                List.of(new TrainedImages(4, List.of(FIRST.at()), new float[] {1, 2})));
        assertThat(BufferFile.read(BufferFile.write(content)))
                .usingRecursiveComparison()
                .isEqualTo(content);
    }

    @Test
    void read_emptyWritten_empty() throws IOException {
        assertThat(BufferFile.read(BufferFile.write(ReplayContent.EMPTY))).isEqualTo(ReplayContent.EMPTY);
    }

    @Test
    void read_firstForm_imagesWithoutFeatures() throws IOException {
        var bytes = new ByteArrayOutputStream();
        try (var out = new DataOutputStream(bytes)) {
            out.writeInt(2);
            for (LoggedImage image : List.of(FIRST, SECOND)) {
                out.writeInt(image.at().partition());
                out.writeLong(image.at().offset());
                out.writeLong(image.timestampMillis());
                out.writeUTF(image.source());
                out.writeInt(image.file().length);
                out.write(image.file());
            }
        }
        assertThat(BufferFile.read(bytes.toByteArray()))
                .usingRecursiveComparison()
                .isEqualTo(withFiles(Optional.empty(), List.of()));
        assertThat(BufferFile.readNeeded(bytes.toByteArray())).containsExactly(FIRST_FILE, SECOND_FILE);
    }

    @Test
    void read_secondForm_imagesWithTheirFiles() throws IOException {
        float[] feature = {0.6f, -0.8f};
        List<TrainedImages> waiting = List.of(new TrainedImages(4, List.of(FIRST.at()), new float[] {1, 2}));
        var bytes = new ByteArrayOutputStream();
        try (var out = new DataOutputStream(bytes)) {
            out.writeInt(-2);
            out.writeInt(2);
            for (LoggedImage image : List.of(FIRST, SECOND)) {
                out.writeInt(image.at().partition());
                out.writeLong(image.at().offset());
                out.writeLong(image.timestampMillis());
                out.writeInt(0);
                out.writeUTF(image.source());
                out.writeInt(image.file().length);
                out.write(image.file());
                out.writeInt(image.equals(FIRST) ? 2 : 0);
                if (image.equals(FIRST)) {
                    out.writeFloat(feature[0]);
                    out.writeFloat(feature[1]);
                }
            }
            out.writeInt(1);
            out.writeLong(4);
            out.writeInt(1);
            out.writeInt(FIRST.at().partition());
            out.writeLong(FIRST.at().offset());
            out.writeInt(2);
            out.writeFloat(1);
            out.writeFloat(2);
        }
        ReplayContent read = BufferFile.read(bytes.toByteArray());
        assertThat(read).usingRecursiveComparison().isEqualTo(withFiles(Optional.of(feature), waiting));
        assertThat(BufferFile.readNeeded(bytes.toByteArray())).containsExactly(FIRST_FILE, SECOND_FILE);
    }

    @Test
    void write_sourceOfAnyLength_isReadBack() throws IOException {
        LoggedImage wild = new LoggedImage(new ImageOffset(0, 1), 1, "😀\u001b".repeat(100_000), new byte[] {1});
        ReplayContent content = new ReplayContent(List.of(new Kept(StoredImage.of(wild), Optional.empty())), List.of());
        assertThat(wild.source()).contains("�1B").doesNotContain("\u001b");
        assertThat(BufferFile.read(BufferFile.write(content)))
                .usingRecursiveComparison()
                .isEqualTo(content);
    }

    @Test
    void read_formToCome_isRefused() {
        assertThatThrownBy(() -> BufferFile.read(new byte[] {-1, -1, -1, -4}))
                .isInstanceOf(IOException.class)
                .hasMessage("the replay buffer is written in form 4, but this Millrace reads forms 1 to 3");
    }

    private static ReplayContent withFiles(Optional<float[]> firstsFeature, List<TrainedImages> waiting) {
        return new ReplayContent(
                List.of(
                        new Kept(StoredImage.of(FIRST), firstsFeature),
                        new Kept(StoredImage.of(SECOND), Optional.empty())),
                waiting,
                Map.of(FIRST_FILE, FIRST.file(), SECOND_FILE, SECOND.file()));
    }
}
