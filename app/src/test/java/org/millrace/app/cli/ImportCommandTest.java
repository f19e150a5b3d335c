package org.millrace.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.EncoderConfig;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.weights.Safetensors;
import org.millrace.encoder.InitialWeights;
import org.millrace.encoder.network.Backbone;
import org.millrace.encoder.tensor.Torch;
import org.millrace.encoder.tensor.Weights;

/** {@code millrace import}, from another program's file to the weights that a run starts from. */
class ImportCommandTest {
    @TempDir
    private Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter error = new StringWriter();

    @Test
    void import_dinosTeacher_writesOursAndSaysWhatARunNeeds() throws IOException {
        Path theirs = folder.resolve("dino.safetensors");
        Path ours = folder.resolve("ours.safetensors");
        Safetensors teacher = weights(1);
        Safetensors.Builder file = new Safetensors.Builder();
        Safetensors student = weights(2);
        student.names().forEach(name -> add(file, "student.module.backbone." + name, student, name));
        teacher.names().forEach(name -> add(file, "teacher.backbone." + name, teacher, name));
        file.add("teacher.head.mlp.0.weight", new long[] {2}, new float[2]);
        Files.write(theirs, file.build().toBytes());

        assertThat(millrace("import", theirs.toString(), "--out", ours.toString()))
                .as(error.toString())
                .isZero();
        assertThat(out.toString())
                .contains(
                        "recognised: DINO or DINOv2, the teacher, under the prefix teacher.backbone.",
                        "left out, the other half (momentum encoder, or DINO's student): student.module.backbone.cls_token, ",
                        "left out, heads: teacher.head.mlp.0.weight",
                        "to " + ours,
                        "A run starts from it with:",
                        "  encoder.initial-weights=" + ours,
                        "  encoder.architecture=vit-tiny",
                        "  encoder.patch=16",
                        "  encoder.height=32");
        List<String> settings = out.toString()
                .lines()
                .filter(line -> line.startsWith("  encoder."))
                .map(String::strip)
                .toList();
        EncoderConfig config = new ConfigLoader().assignments(settings).load().encoder();
        Safetensors started = InitialWeights.of(config).orElseThrow();
        for (String name : teacher.names()) {
            assertThat(started.tensor(name, started.shape(name)))
                    .as(name)
                    .isEqualTo(teacher.tensor(name, teacher.shape(name)));
        }

        assertThat(millrace("import", theirs.toString(), "--out", ours.toString()))
                .isEqualTo(1);
        assertThat(error.toString()).contains(ours + " exists already", "--force");
    }

    @Test
    void import_pickleOrNoFile_saysWhatToDo() throws IOException {
        Path pickle = Files.writeString(folder.resolve("dino.pth"), "PK\u0003\u0004");
        Path ours = folder.resolve("ours.safetensors");
        assertThat(millrace("import", pickle.toString(), "--out", ours.toString()))
                .isEqualTo(1);
        assertThat(error.toString())
                .contains(
                        pickle + " is a file of PyTorch's own (a pickle), which is a program and is not run.",
                        "  import torch, safetensors.torch\n",
                        "torch.load(\"" + pickle + "\"");
        assertThat(millrace("import", folder.resolve("none").toString(), "--out", ours.toString()))
                .isEqualTo(1);
        assertThat(error.toString()).contains("cannot read " + folder.resolve("none") + ": there is no such file");
        assertThat(ours).doesNotExist();
    }

    private int millrace(String... arguments) {
        out.getBuffer().setLength(0);
        error.getBuffer().setLength(0);
        return MillraceCommandLine.run(new PrintWriter(out, true), new PrintWriter(error, true), arguments);
    }

    private static Safetensors weights(long seed) {
        MillraceConfig config = new ConfigLoader()
                .assignments(List.of(
                        "run.threads=1",
                        "encoder.architecture=vit-tiny",
                        "encoder.patch=16",
                        "encoder.height=32",
                        "encoder.width=32"))
                .load();
        try (Weights weights = Weights.initialised(
                Torch.start(config.run()), Backbone.of(config.encoder()).layout(), seed)) {
            return weights.snapshot("");
        }
    }

    private static void add(Safetensors.Builder file, String as, Safetensors from, String name) {
        file.add(as, from.shape(name), from.tensor(name, from.shape(name)));
    }
}
