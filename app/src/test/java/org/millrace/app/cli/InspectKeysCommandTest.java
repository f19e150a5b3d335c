package org.millrace.app.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.millrace.contract.ImageOffset;
import org.millrace.keystore.ImageId;
import org.millrace.keystore.KeyBatch;
import org.millrace.keystore.MemoryBank;
import org.millrace.keystore.MemoryBankSettings;

class InspectKeysCommandTest {
    @TempDir
    private Path data;

    private final StringWriter out = new StringWriter();
    private final StringWriter error = new StringWriter();

    @Test
    void keys_runWithAMemoryBank_showsItsSize() {
        try (MemoryBank bank = new MemoryBankSettings("images", 2, 1000).open(data.resolve("runs/main/bank"))) {
            List<ImageOffset> images = List.of(new ImageOffset(0, 1), new ImageOffset(0, 2));
            bank.update(List.of(id("a"), id("b")), new KeyBatch(1, 2, new float[] {1, 0, 0, 1}, images));
            bank.update(List.of(id("a")), new KeyBatch(2, 2, new float[] {0, 1}, images.subList(0, 1)));
        }
        assertThat(run()).as(error.toString()).isZero();
        assertThat(out.toString()).isEqualTo("""
                bank       2 of 1,000 rows, 2 numbers each, 3 writes
                age        1 steps (median), the oldest 1, before the newest row
                """);
    }

    @Test
    void keys_runWithNeither_saysWhereItLooked() {
        assertThat(run()).isEqualTo(1);
        assertThat(error.toString())
                .contains(
                        "run main has no key store",
                        data.resolve("runs/main/keys").toString(),
                        data.resolve("runs/main/bank").toString());
    }

    private int run() {
        return MillraceCommandLine.run(
                new PrintWriter(out, true), new PrintWriter(error, true), "inspect", "keys", "--set=run.data=" + data);
    }

    private static ImageId id(String name) {
        return new ImageId(name.getBytes(UTF_8));
    }
}
