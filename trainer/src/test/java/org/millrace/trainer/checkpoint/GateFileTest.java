package org.millrace.trainer.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.millrace.trainer.gate.GateContent;

final class GateFileTest {
    @Test
    void read_firstForm_sourcesWithoutASegment() throws IOException {
        var bytes = new ByteArrayOutputStream();
        try (var out = new DataOutputStream(bytes)) {
            out.writeInt(-1);
            out.writeInt(2);
            for (String source : List.of("gate3", "gate4")) {
                out.writeInt(1);
                out.writeUTF(source);
                out.writeLong(70);
                out.writeLong(60);
                out.writeInt(3);
                out.writeInt(1);
                out.writeInt(2);
                out.write(new byte[] {1, -2});
                out.writeInt(0);
                out.writeInt(1);
                out.writeFloat(0.25f);
            }
        }
        assertThat(GateFile.read(bytes.toByteArray()))
                .usingRecursiveComparison()
                .isEqualTo(new GateContent(List.of(source("gate3"), source("gate4"))));
    }

    @Test
    void read_formToCome_isRefused() {
        assertThatThrownBy(() -> GateFile.read(new byte[] {-1, -1, -1, -3}))
                .isInstanceOf(IOException.class)
                .hasMessage("the gate's memory is written in form 3, but this Millrace reads forms 1 and 2");
    }

    private static GateContent.Source source(String name) {
        return new GateContent.Source(
                1, name, 70, 60, 3, List.of(new byte[] {1, -2}), List.of(), new float[] {0.25f}, Optional.empty());
    }
}
