package org.millrace.trainer.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.millrace.contract.ImageOffset;
import org.millrace.trainer.stream.LoggedImage;
import org.millrace.trainer.stream.ReplayContent;
import org.millrace.trainer.stream.ReplayContent.Kept;
import org.millrace.trainer.stream.TrainedImages;

final class BufferFileTest {
    private static final LoggedImage FIRST =
            new LoggedImage(new ImageOffset(1, 5_000_000_000L), 77, "räuber.jpg", new byte[] {1, 2, 3});
    private static final LoggedImage SECOND = new LoggedImage(new ImageOffset(0, 9), 78, "", new byte[0]);

    @Test
    void read_written_sameContent() throws IOException {
        ReplayContent content = new ReplayContent(
                List.of(
                        new Kept(FIRST, Optional.of(new float[] {0.6f, -0.8f, Float.MIN_VALUE})),
                        new Kept(SECOND, Optional.empty())),
                List.of(
                        new TrainedImages(4, List.of(FIRST.at(), SECOND.at()), new float[] {1, 2, 3, 4, 5, 6}),
                        new TrainedImages(5, List.of(SECOND.at()), new float[] {7, 8, 9})));
        assertThat(BufferFile.read(BufferFile.write(content)))
                .usingRecursiveComparison()
                .isEqualTo(content);
    }

    @Test
    void read_segmentsWritten_same() throws IOException {
        ReplayContent content = new ReplayContent(
                List.of(
                        new Kept(FIRST.inSegment(OptionalLong.of(4_999_999_990L)), Optional.empty()),
                        new Kept(SECOND, Optional.of(new float[] {1}))),
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
                .isEqualTo(new ReplayContent(
                        List.of(new Kept(FIRST, Optional.empty()), new Kept(SECOND, Optional.empty())), List.of()));
    }

    @Test
    void write_sourceOfAnyLength_isReadBack() throws IOException {
        LoggedImage wild = new LoggedImage(new ImageOffset(0, 1), 1, "😀\u001b".repeat(100_000), new byte[] {1});
        ReplayContent content = new ReplayContent(List.of(new Kept(wild, Optional.empty())), List.of());
        assertThat(wild.source()).contains("�1B").doesNotContain("\u001b");
        assertThat(BufferFile.read(BufferFile.write(content)))
                .usingRecursiveComparison()
                .isEqualTo(content);
    }

    @Test
    void read_formToCome_isRefused() {
        assertThatThrownBy(() -> BufferFile.read(new byte[] {-1, -1, -1, -3}))
                .isInstanceOf(IOException.class)
                .hasMessage("the replay buffer is written in form 3, but this Millrace reads forms 1 and 2");
    }
}
