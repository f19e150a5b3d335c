package org.millrace.encoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.millrace.contract.UserException;
import org.millrace.contract.config.EncoderConfig;
import org.millrace.contract.weights.Safetensors;
import org.millrace.encoder.tensor.Weights;

/** Files under other programs' names, made by our own writer: what is recognised, and that every tensor comes to its place. */
final class ForeignEncoderTest {
    private static final Path FILE = Path.of("theirs.safetensors");
    private static final EncoderConfig RESNET20 = TestEncoders.encoder("resnet20", "cifar", 32, 3);
    private static final EncoderConfig RESNET18 = TestEncoders.encoder("resnet18", "imagenet", 32, 3);
    private static final EncoderConfig VIT = vit("encoder.patch=16", "encoder.height=32", "encoder.width=32");

    private static final Map<String, Safetensors> MADE = new HashMap<>();

    /** Prefixes of the half to take and of the other; the words for it; names of what else is in the file. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "resnet | module.encoder_q. | module.encoder_k. | MoCo, the query encoder | module.queue module.encoder_q.fc.0.weight",
                "resnet | state_dict.module.encoder_q. | state_dict.module.encoder_k. | MoCo, the query encoder | state_dict.module.queue_ptr",
                "resnet | module.base_encoder. | module.momentum_encoder. | MoCo v3, the base encoder | module.predictor.0.weight module.base_encoder.fc.0.weight",
                "vit | module.base_encoder. | module.momentum_encoder. | MoCo v3, the base encoder | module.predictor.0.weight module.base_encoder.head.0.weight",
                "vit | teacher.backbone. | student.module.backbone. | DINO or DINOv2, the teacher | teacher.head.mlp.0.weight dino_loss.center",
                "vit | teacher.backbone. | student.backbone. | DINO or DINOv2, the teacher | teacher.dino_head.last_layer.weight_v",
                "resnet | backbone. | momentum_backbone. | solo-learn or lightly, the backbone | classifier.weight queue momentum_projector.0.weight",
                "vit | backbone. | momentum_backbone. | solo-learn or lightly, the backbone | projector.0.weight",
                "resnet | backbone. | backbone_momentum. | solo-learn or lightly, the backbone | projection_head_momentum.layers.0.weight",
                "resnet | teacher_backbone. | student_backbone. | DINO or DINOv2, the teacher | student_head.layers.0.weight",
                "vit | '' | | timm, torchvision or DINO, an encoder by itself | head.weight head.bias",
                "resnet | '' | | timm, torchvision or DINO, an encoder by itself | fc.weight fc.bias",
            })
    void of_prefixes_takesTheHalfThatIsToBeTaken(
            String kind, String prefix, String other, String source, String further) {
        EncoderConfig config = kind.equals("vit") ? VIT : RESNET20;
        Safetensors ours = weights(config, 1);
        Safetensors.Builder file = new Safetensors.Builder();
        if (other != null) { // it comes first in the file
            weights(config, 2).names().forEach(name -> add(file, other + name, weights(config, 2), name));
        }
        ours.names().forEach(name -> add(file, prefix + name, ours, name));
        List.of(further.split(" ", -1)).forEach(name -> file.add(name, new long[] {2}, new float[2]));
        ForeignEncoder found = read(file.build());
        assertThat(found.source()).isEqualTo(source);
        assertThat(found.prefix()).isEqualTo(prefix);
        assertThat(found.settings())
                .containsEntry("encoder.architecture", config.architecture().key());
        assertSame(found.weights(), ours);
        assertThat(found.leftOut().values().stream().flatMap(List::stream)).contains(further.split(" ", -1));
        if (other != null) {
            assertThat(found.leftOut().get("the other half (momentum encoder, or DINO's student)"))
                    .contains(other + ours.names().iterator().next());
            assertSame(
                    ForeignEncoder.of(FILE, file.build().toBytes(), other, RESNET18)
                            .weights(),
                    weights(config, 2));
        }
    }

    @Test
    void of_torchvisionsTransformer_underTimmsNames() {
        assertTranslated(
                VIT,
                name -> name.replace("patch_embed.proj", "conv_proj")
                        .replace("cls_token", "class_token")
                        .replace("pos_embed", "encoder.pos_embedding")
                        .replaceAll("^norm\\.", "encoder.ln.")
                        .replaceAll("^blocks\\.(\\d+)\\.norm", "encoder.layers.encoder_layer_$1.ln_")
                        .replaceAll(
                                "^blocks\\.(\\d+)\\.attn\\.qkv\\.",
                                "encoder.layers.encoder_layer_$1.self_attention.in_proj_")
                        .replaceAll(
                                "^blocks\\.(\\d+)\\.attn\\.proj",
                                "encoder.layers.encoder_layer_$1.self_attention.out_proj")
                        .replaceAll("^blocks\\.(\\d+)\\.mlp\\.fc1", "encoder.layers.encoder_layer_$1.mlp.0")
                        .replaceAll("^blocks\\.(\\d+)\\.mlp\\.fc2", "encoder.layers.encoder_layer_$1.mlp.linear_2"));
    }

    @Test
    void of_dinov2sChunksOfBlocks_underTimmsNames() {
        EncoderConfig scaled =
                vit("encoder.patch=14", "encoder.height=28", "encoder.width=28", "encoder.layer-scale=true");
        assertTranslated(
                scaled,
                name -> name.replaceAll("^blocks\\.([0-5])\\.", "blocks.0.$1.")
                        .replaceAll("^blocks\\.(\\d+)\\.(norm|attn|ls|mlp)", "blocks.1.$1.$2"));
    }

    @Test
    void of_transformersDinov2_queriesKeysAndValuesTogether() {
        EncoderConfig scaled =
                vit("encoder.patch=14", "encoder.height=28", "encoder.width=28", "encoder.layer-scale=true");
        Safetensors ours = weights(scaled, 1);
        Safetensors.Builder file = new Safetensors.Builder();
        for (String name : ours.names()) {
            String theirs = name.replace("patch_embed.proj", "embeddings.patch_embeddings.projection")
                    .replace("cls_token", "embeddings.cls_token")
                    .replace("pos_embed", "embeddings.position_embeddings")
                    .replaceAll("^norm\\.", "layernorm.")
                    .replaceAll("^blocks\\.(\\d+)\\.attn\\.proj", "encoder.layer.$1.attention.output.dense")
                    .replaceAll("^blocks\\.(\\d+)\\.ls([12])\\.gamma", "encoder.layer.$1.layer_scale$2.lambda1")
                    .replaceAll("^blocks\\.(\\d+)\\.(norm[12]|mlp)", "encoder.layer.$1.$2");
            if (!name.contains("qkv")) {
                add(file, theirs, ours, name);
                continue;
            }
            long[] shape = ours.shape(name);
            float[] values = ours.tensor(name, shape);
            shape[0] /= 3;
            int length = values.length / 3;
            for (int i = 0; i < 3; i++) {
                String part = List.of("query", "key", "value").get(i);
                file.add(
                        name.replaceAll(
                                "^blocks\\.(\\d+)\\.attn\\.qkv", "encoder.layer.$1.attention.attention." + part),
                        shape,
                        Arrays.copyOfRange(values, i * length, (i + 1) * length));
            }
        }
        file.add("embeddings.mask_token", new long[] {1, 192}, new float[192]);
        ForeignEncoder found = read(file.build());
        assertSame(found.weights(), ours);
        assertThat(found.settings())
                .containsEntry("encoder.layer-scale", "true")
                .containsEntry("encoder.patch", "14");
    }

    /** Class token 1 + its position, and no position for registers: 1 + 100, 10 and the rest of the positions. */
    @Test
    void of_dinov2WithRegisters_classTokenTakesItsPosition() {
        EncoderConfig config = vit("encoder.patch=14", "encoder.height=28", "encoder.width=28", "encoder.registers=4");
        Safetensors ours = weights(config, 1);
        Safetensors.Builder file = new Safetensors.Builder();
        for (String name : ours.names()) {
            if (!name.endsWith("_token") && !name.equals("pos_embed")) {
                add(file, name, ours, name);
            }
        }
        float[] positions = new float[5 * 192];
        Arrays.fill(positions, 0, 192, 100);
        System.arraycopy(ours.tensor("pos_embed", 1, 4, 192), 0, positions, 192, 4 * 192);
        float[] token = new float[192];
        Arrays.fill(token, 1);
        file.add("cls_token", new long[] {1, 1, 192}, token)
                .add("register_tokens", new long[] {1, 4, 192}, ours.tensor("reg_token", 1, 4, 192))
                .add("mask_token", new long[] {1, 192}, new float[192])
                .add("pos_embed", new long[] {1, 5, 192}, positions);
        ForeignEncoder found = read(file.build());
        assertThat(found.source()).isEqualTo("DINOv2");
        assertThat(found.weights().tensor("cls_token", 1, 1, 192)).containsOnly(101);
        assertThat(found.weights().tensor("pos_embed", 1, 4, 192)).isEqualTo(ours.tensor("pos_embed", 1, 4, 192));
        assertThat(found.weights().tensor("reg_token", 1, 4, 192)).isEqualTo(ours.tensor("reg_token", 1, 4, 192));
        assertThat(found.leftOut()).containsEntry("heads", List.of("mask_token"));
    }

    @Test
    void of_lightlysSequentials_childrenHaveTheirNames() {
        List<String> torchvisions = List.of("conv1", "bn1", "relu", "maxpool", "layer1", "layer2", "layer3", "layer4");
        assertTranslated(RESNET18, name -> "backbone." + numbered(name, torchvisions));
        EncoderConfig own = TestEncoders.encoder("resnet18", "cifar", 32, 3);
        assertTranslated(
                own,
                name -> "backbone." + numbered(name, List.of("conv1", "bn1", "layer1", "layer2", "layer3", "layer4")));
    }

    @Test
    void of_mocoV3sTransformer_has12Heads() {
        Safetensors ours = weights(VIT, 1);
        Safetensors.Builder file = new Safetensors.Builder();
        ours.names().forEach(name -> add(file, "module.base_encoder." + name, ours, name));
        ForeignEncoder found = read(file.build());
        assertThat(found.settings()).containsEntry("encoder.heads", "12").containsEntry("encoder.height", "32");
        assertThat(String.join(" ", found.remarks())).doesNotContain("number of heads");
    }

    @Test
    void of_aFileOfOurs_saysItsRunAndTheSizeOfItsImages() {
        Map<String, String> said =
                new HashMap<>(Map.of("millrace.run", "shop", "millrace.step", "400", "millrace.encoder.height", "96"));
        ForeignEncoder half = read(weights(RESNET20, 1).withMetadata(said));
        assertThat(half.source()).isEqualTo("Millrace, the encoder of run shop after step 400");
        assertThat(half.settings()).doesNotContainKey("encoder.height");
        assertThat(String.join(" ", half.remarks())).contains("do not show the size");
        for (String width : List.of("64", "0", "513", "1e2", "9999999999")) {
            said.put("millrace.encoder.width", width);
            ForeignEncoder found = read(weights(RESNET20, 1).withMetadata(said));
            if (width.equals("64")) {
                assertThat(found.settings())
                        .containsEntry("encoder.height", "96")
                        .containsEntry("encoder.width", "64");
                assertThat(found.remarks()).isEmpty();
            } else {
                assertThat(found.settings()).doesNotContainKeys("encoder.height", "encoder.width");
            }
        }
    }

    @Test
    void of_damagedOrForeignFiles_sayWhatIsWrong() {
        refused(
                new byte[] {'P', 'K', 3, 4},
                "is a file of PyTorch's own (a pickle)",
                "import torch, safetensors.torch",
                "save_file(");
        refused(new byte[] {(byte) 0x80, 2}, "is a file of PyTorch's own (a pickle)");
        refused("hello".getBytes(StandardCharsets.UTF_8), "is not a safetensors file");
        refused(
                new Safetensors.Builder()
                        .add("a.b", new long[] {1}, new float[1])
                        .build()
                        .toBytes(),
                "has no encoder that Millrace knows",
                "Its names begin with a.");
        refused(
                changed(VIT, "norm.bias", values -> {
                    values[7] = Float.NaN;
                    return values;
                }),
                "cannot be used: tensor norm.bias has NaN at [7]");
        refused(
                changed(RESNET20, "bn1.running_var", values -> {
                    values[0] = -1;
                    return values;
                }),
                "cannot be used: tensor bn1.running_var has -1.0 at [0]");
        refused(
                without(VIT, "blocks.3.attn.qkv.bias"),
                "does not fit it:\n  the weights file has no tensor blocks.3.attn.qkv.bias");
        refused(without(VIT, "blocks.11.norm1.weight"), "of width 192 and depth 11. Millrace has vit-tiny (192)");
        refused(without(VIT, "cls_token"), "without class token");
    }

    /** The length of a header may begin with the byte that a pickle begins with, or with a zip archive's two. */
    @Test
    void is_safetensorsOfAnyLength_isNoPickle() {
        for (int first : new int[] {0x80, 'P'}) {
            byte[] file = new byte[20];
            file[0] = (byte) first;
            file[1] = 'K';
            assertThat(PickledFile.is(file)).isTrue();
            file[8] = '{';
            assertThat(PickledFile.is(file)).isFalse();
        }
    }

    @Test
    void of_unknownPrefix_saysWhichThereAre() {
        Safetensors ours = weights(RESNET20, 1);
        Safetensors.Builder file = new Safetensors.Builder();
        ours.names().forEach(name -> add(file, "a." + name, ours, name));
        byte[] bytes = file.build().toBytes();
        assertThatThrownBy(() -> ForeignEncoder.of(FILE, bytes, "b.", RESNET18))
                .isInstanceOf(UserException.class)
                .hasMessage("--prefix is b., but the encoders of theirs.safetensors have the prefixes 'a.'.");
    }

    /** Grids that PyTorch resampled: src/test/python/vit_vectors.py. */
    @Test
    void resampled_grids_asPyTorchsAntialiasedBicubic() throws IOException {
        Safetensors vector;
        try (InputStream in = Objects.requireNonNull(
                ForeignEncoderTest.class.getResourceAsStream("/vectors/vit_positions.safetensors"))) {
            vector = Safetensors.parse(in.readAllBytes());
        }
        List<String> cases =
                vector.names().stream().filter(name -> name.endsWith(".from")).toList();
        assertThat(cases).hasSize(5);
        for (String from : cases) {
            String name = from.replace(".from", "");
            int[] sizes = Arrays.stream(name.split("[x-]", -1))
                    .mapToInt(Integer::parseInt)
                    .toArray();
            float[] got = Positions.resampled(
                    vector.tensor(from, vector.shape(from)), sizes[0], sizes[1], sizes[2], sizes[3], 3);
            float[] want = vector.tensor(name + ".to", vector.shape(name + ".to"));
            for (int i = 0; i < want.length; i++) {
                assertThat(Math.abs(got[i] - want[i])).as("%s, %d", name, i).isLessThan(1e-5f);
            }
        }
    }

    private void assertTranslated(EncoderConfig config, UnaryOperator<String> theirs) {
        Safetensors ours = weights(config, 1);
        Safetensors.Builder file = new Safetensors.Builder();
        ours.names().forEach(name -> add(file, theirs.apply(name), ours, name));
        Safetensors written = file.build();
        assertThat(written.names()).isNotEqualTo(ours.names());
        ForeignEncoder found = read(written);
        assertSame(found.weights(), ours);
        assertThat(found.settings())
                .containsEntry("encoder.architecture", config.architecture().key());
    }

    private static String numbered(String name, List<String> children) {
        String child = name.substring(0, name.indexOf('.'));
        return children.indexOf(child) + name.substring(child.length());
    }

    private byte[] changed(EncoderConfig config, String which, UnaryOperator<float[]> change) {
        return copy(config, (name, values) -> name.equals(which) ? change.apply(values.clone()) : values);
    }

    private byte[] copy(EncoderConfig config, BiFunction<String, float[], float[]> change) {
        Safetensors ours = weights(config, 1);
        Safetensors.Builder file = new Safetensors.Builder();
        for (String name : ours.names()) {
            file.add(name, ours.shape(name), change.apply(name, ours.tensor(name, ours.shape(name))));
        }
        return file.build().toBytes();
    }

    private byte[] without(EncoderConfig config, String which) {
        Safetensors ours = weights(config, 1);
        Safetensors.Builder file = new Safetensors.Builder();
        ours.names().stream().filter(name -> !name.equals(which)).forEach(name -> add(file, name, ours, name));
        return file.build().toBytes();
    }

    private static void refused(byte[] bytes, String... said) {
        assertThatThrownBy(() -> ForeignEncoder.of(FILE, bytes, "", RESNET18))
                .isInstanceOf(UserException.class)
                .message()
                .startsWith("theirs.safetensors ")
                .contains(said);
    }

    private static ForeignEncoder read(Safetensors file) {
        return ForeignEncoder.of(FILE, file.toBytes(), "", RESNET18);
    }

    private static void assertSame(Safetensors got, Safetensors want) {
        assertThat(got.names()).containsExactlyInAnyOrderElementsOf(want.names());
        for (String name : want.names()) {
            assertThat(got.shape(name)).as(name).isEqualTo(want.shape(name));
            assertThat(Arrays.equals(got.tensor(name, got.shape(name)), want.tensor(name, want.shape(name))))
                    .as(name)
                    .isTrue();
        }
    }

    private static void add(Safetensors.Builder file, String as, Safetensors from, String name) {
        file.add(as, from.shape(name), from.tensor(name, from.shape(name)));
    }

    /** Every tensor at random, so that none stands for another. */
    private static Safetensors weights(EncoderConfig config, int seed) {
        return MADE.computeIfAbsent(config + " " + seed, ignored -> random(config, seed));
    }

    private static Safetensors random(EncoderConfig config, int seed) {
        try (Weights weights = TestEncoders.weights(config, seed)) {
            Random random = new Random(seed);
            Safetensors fresh = weights.snapshot("");
            Safetensors.Builder file = new Safetensors.Builder();
            for (String name : fresh.names()) {
                float[] values = fresh.tensor(name, fresh.shape(name)).clone();
                for (int i = 0; i < values.length; i++) {
                    values[i] = random.nextFloat();
                }
                file.add(name, fresh.shape(name), values);
            }
            return file.build();
        }
    }

    private static EncoderConfig vit(String... assignments) {
        String[] all = Arrays.copyOf(assignments, assignments.length + 1);
        System.arraycopy(assignments, 0, all, 1, assignments.length);
        all[0] = "encoder.architecture=vit-tiny";
        return TestEncoders.config(all).encoder();
    }
}
