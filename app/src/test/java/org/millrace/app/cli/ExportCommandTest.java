package org.millrace.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnx.proto.OnnxMl.ModelProto;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.millrace.contract.Sha256;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.kafka.LogIdentity;
import org.millrace.contract.weights.Safetensors;
import org.millrace.encoder.network.Backbone;
import org.millrace.encoder.tensor.Torch;
import org.millrace.encoder.tensor.WeightLayout;
import org.millrace.encoder.tensor.Weights;
import org.millrace.trainer.checkpoint.Checkpoint;
import org.millrace.trainer.checkpoint.RunState;
import org.millrace.trainer.gate.GateContent;
import org.millrace.trainer.run.RunFolders;
import org.millrace.trainer.stream.ReplayContent;

class ExportCommandTest {
    @TempDir
    private Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter error = new StringWriter();

    private Path file = Path.of("");
    private boolean amdim;
    private List<String> network = List.of();

    @BeforeEach
    void twoCheckpoints() {
        file = folder.resolve("encoder.safetensors");
        checkpoint(200);
        checkpoint(400);
    }

    @Test
    void export_safetensors_newestEncoderWithACardThatTellsItsOrigin() throws IOException {
        assertThat(export("safetensors")).as(error.toString()).isZero();
        assertThat(out.toString())
                .contains(
                        "after step 400 to " + file,
                        "its card to " + file + ".md",
                        "whether this encoder is held or revoked was not checked; that is on the topic card.evaluations,"
                                + " which was not read: no broker is known");
        Safetensors written = Safetensors.parse(Files.readAllBytes(file));
        Safetensors wanted = weights(400).part("encoder.");
        assertThat(written.names()).containsExactlyElementsOf(wanted.names()).contains("layer3.2.bn2.running_var");
        for (String name : wanted.names()) {
            assertThat(written.tensor(name, wanted.shape(name)))
                    .as(name)
                    .containsExactly(wanted.tensor(name, wanted.shape(name)));
        }
        assertThat(written.metadata())
                .containsEntry("format", "pt")
                .containsEntry("millrace.step", "400")
                .containsEntry("millrace.encoder.mean", "0.286")
                .doesNotContainKey("millrace.encoder.initial-weights");
        assertThat(folder.resolve("encoder.safetensors.md"))
                .content()
                .contains(
                        "# Encoder of the run `card` after step 400",
                        "| network | resnet20, cifar stem, 64 features |",
                        "| SHA-256 | `" + Sha256.of(Files.readAllBytes(file)) + "` |",
                        "| images trained | 51,200 |",
                        "| next offsets of `images` | partition 0: 51300, partition 1: 7 |",
                        "| position in the journal | offset 801 of `card.steps` |",
                        "| computed by | an engine |",
                        "Grey, 28×24 (height×width), float32, N×1×28×24",
                        "| mean | 0.286 |",
                        "The run's evaluations were not read: no broker is known",
                        "load_file(\"encoder.safetensors\")",
                        "| `trainer.batch-size` | `128` |");
    }

    @Test
    void export_amdim_cardWithItsOwnNetworkAndNoneOfTorchvision() throws IOException {
        amdim = true;
        checkpoint(600);
        assertThat(export("safetensors")).as(error.toString()).isZero();
        assertThat(folder.resolve("encoder.safetensors.md"))
                .content()
                .contains(
                        "| network | amdim, 4 channels in the first layer, 2 layers in a block, 24 features |",
                        "| format | safetensors, float32, Millrace's names, as in the code below |",
                        "self.conv = nn.Conv2d(3, width, 3)",
                        "model = Amdim(4, 24, 2)")
                .doesNotContain("torchvision.", "cifar stem");
        assertThat(export("onnx", "--force")).isEqualTo(1);
        assertThat(error.toString()).contains("an amdim encoder cannot be written as ONNX yet");
    }

    @Test
    void export_transformer_bothFormatsAndACardWithItsNetwork() throws IOException {
        network = List.of(
                "encoder.architecture=vit-tiny", "encoder.patch=16", "encoder.registers=4", "encoder.pool=mean");
        checkpoint(600);
        assertThat(export("safetensors")).as(error.toString()).isZero();
        assertThat(Safetensors.parse(Files.readAllBytes(file)).metadata())
                .containsEntry("millrace.encoder.patch", "16")
                .containsEntry("millrace.encoder.heads", "0");
        assertThat(folder.resolve("encoder.safetensors.md"))
                .content()
                .contains(
                        "| network | vit-tiny, patches of 16×16 pixels, 3 heads, 4 registers, mean of the patches, 192 features |",
                        "| format | safetensors, float32, timm's names without `head` |",
                        "return x[:, 1 + self.registers :].mean(1)",
                        "model = Transformer(192, 3, 16, 4, 4, False)")
                .doesNotContain("torchvision.", "cifar stem");
        file = folder.resolve("encoder.onnx");
        assertThat(export("onnx")).as(error.toString()).isZero();
        assertThat(ModelProto.parseFrom(Files.readAllBytes(file)).getGraph().getName())
                .isEqualTo("vit-tiny");
    }

    @Test
    void export_onnx_modelWithTheInputInItsMetadata() throws IOException {
        file = folder.resolve("encoder.onnx");
        assertThat(export("onnx")).as(error.toString()).isZero();
        ModelProto model = ModelProto.parseFrom(Files.readAllBytes(file));
        assertThat(model.getMetadataPropsList())
                .extracting(property -> property.getKey() + "=" + property.getValue())
                .contains("millrace.run=card", "millrace.step=400", "millrace.encoder.standard-deviation=0.353");
        assertThat(folder.resolve("encoder.onnx.md"))
                .content()
                .contains("onnxruntime.InferenceSession(\"encoder.onnx\")", "session.run([\"features\"], {\"images\":");
    }

    @Test
    void export_checkpointOfAStep_thatOneOrWhichThereAre() throws IOException {
        assertThat(export("safetensors", "--checkpoint=200"))
                .as(error.toString())
                .isZero();
        assertThat(Safetensors.parse(Files.readAllBytes(file)).metadata()).containsEntry("millrace.step", "200");
        assertThat(export("safetensors", "--checkpoint=300", "--force")).isEqualTo(1);
        assertThat(error.toString())
                .contains("there is no checkpoint of step 300", "the steps 400, 200")
                .doesNotContain("\tat ");
    }

    @Test
    void export_newestDamaged_theOneBeforeUnlessAskedFor() throws IOException {
        Path query = folder.resolve("runs/card/checkpoints/step-000000000400/query.safetensors");
        byte[] bytes = Files.readAllBytes(query);
        bytes[bytes.length - 1] ^= 1;
        Files.write(query, bytes);
        assertThat(export("safetensors", "--checkpoint=400")).isEqualTo(1);
        assertThat(error.toString()).contains("step-000000000400 is damaged: query.safetensors has SHA-256");
        assertThat(file).doesNotExist();
        assertThat(export("safetensors")).isZero();
        assertThat(Safetensors.parse(Files.readAllBytes(file)).metadata()).containsEntry("millrace.step", "200");
    }

    @Test
    void export_fileThere_refusedUnlessForced() throws IOException {
        Files.writeString(file, "mine");
        assertThat(export("safetensors")).isEqualTo(1);
        assertThat(error.toString()).contains(file + " exists already", "--force");
        assertThat(file).hasContent("mine");
        assertThat(export("safetensors", "--force")).isZero();
        assertThat(Safetensors.parse(Files.readAllBytes(file)).names()).isNotEmpty();
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files.map(path -> path.getFileName().toString()))
                    .containsExactlyInAnyOrder("runs", "encoder.safetensors", "encoder.safetensors.md");
        }
        Files.delete(file);
        assertThat(export("safetensors"))
                .as("a card of another file is not lost either")
                .isEqualTo(1);
        assertThat(error.toString()).contains("encoder.safetensors.md exists already");
    }

    @Test
    void export_linkOrItsCardsLink_refusedAlsoWhenForced() throws IOException {
        Path target = Files.writeString(folder.resolve("target"), "mine");
        for (Path link : List.of(file, file.resolveSibling(file.getFileName() + ".md"))) {
            Files.createSymbolicLink(link, target);
            assertThat(export("safetensors", "--force")).isEqualTo(1);
            assertThat(error.toString())
                    .contains("--out wants the name of a plain file, but " + link + " is a symbolic link");
            assertThat(link).isSymbolicLink();
            Files.delete(link);
        }
        assertThat(target).hasContent("mine");
    }

    @Test
    void export_folderThatIsNone_failsBeforeAnythingElse() {
        file = folder.resolve("nowhere/encoder.onnx");
        assertThat(export("onnx")).isEqualTo(1);
        assertThat(error.toString()).contains("there is no folder " + folder.resolve("nowhere"));
        file = folder;
        assertThat(export("onnx", "--force")).isEqualTo(1);
        assertThat(error.toString()).contains(folder + " is a folder. Choose another name.");
    }

    @Test
    void export_runWithoutCheckpoint_saysHowToNameAnother() {
        assertThat(export("onnx", "--set=run.name=other")).isEqualTo(1);
        assertThat(error.toString()).contains("run other has no whole checkpoint under", "--run NAME");
    }

    @Test
    void export_badOptions_areWrongUsage() {
        assertThat(run("export", "--out=x")).isEqualTo(2);
        assertThat(error.toString()).contains("--format");
        assertThat(export("pickle")).isEqualTo(2);
        assertThat(error.toString()).contains("must be safetensors or onnx or learned, but was 'pickle'");
        assertThat(export("onnx", "--checkpoint=last")).isEqualTo(2);
        assertThat(error.toString()).contains("'last'");
    }

    private int export(String format, String... more) {
        List<String> arguments = new ArrayList<>(List.of(
                "export", "--format=" + format, "--out=" + file, "--set=run.name=card", "--set=run.data=" + folder));
        arguments.addAll(List.of(more));
        return run(arguments.toArray(String[]::new));
    }

    private int run(String... arguments) {
        out.getBuffer().setLength(0);
        error.getBuffer().setLength(0);
        return MillraceCommandLine.run(new PrintWriter(out, true), new PrintWriter(error, true), arguments);
    }

    private void checkpoint(long step) {
        MillraceConfig config = config();
        RunState state = new RunState(
                RunState.SCHEMA,
                "card",
                step,
                Map.of(0, 128 * step + 100, 1, 7L),
                Map.of(),
                new LogIdentity("a cluster", "a topic"),
                128 * step,
                3,
                2 * step + 1,
                128 * step,
                0,
                Optional.empty(),
                List.of(),
                "an engine",
                ConfigLoader.effective(config),
                RunState.digest(ConfigLoader.effective(config)),
                1_700_000_000_000L,
                Map.of());
        Safetensors query = weights(step);
        RunFolders.checkpoints(config)
                .write(new Checkpoint(state, query, query, query, ReplayContent.EMPTY, GateContent.EMPTY));
    }

    private MillraceConfig config() {
        if (!network.isEmpty()) {
            List<String> all = new ArrayList<>(List.of("run.name=card", "run.data=" + folder, "run.threads=1"));
            all.addAll(network);
            return new ConfigLoader().assignments(all).load();
        }
        if (amdim) {
            return new ConfigLoader()
                    .assignments(List.of(
                            "run.name=card",
                            "run.data=" + folder,
                            "run.threads=1",
                            "trainer.objective=amdim",
                            "encoder.architecture=amdim",
                            "encoder.amdim-channels=4",
                            "encoder.amdim-features=24"))
                    .load();
        }
        return new ConfigLoader()
                .assignments(List.of(
                        "run.name=card",
                        "run.data=" + folder,
                        "run.threads=1",
                        "encoder.channels=1",
                        "encoder.height=28",
                        "encoder.width=24",
                        "encoder.mean=0.286",
                        "encoder.standard-deviation=0.353"))
                .load();
    }

    /** Weights of an encoder and a tensor that is not part of it. */
    private Safetensors weights(long seed) {
        WeightLayout layout = new WeightLayout();
        Backbone.of(config().encoder()).declare(layout, "encoder.");
        layout.linear("projector.0", 4, 64);
        try (Weights weights = Weights.initialised(Torch.start(config().run()), layout, seed)) {
            return weights.snapshot("");
        }
    }
}
