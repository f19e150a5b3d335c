package org.millrace.evaluator.protocol;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import javax.imageio.ImageIO;
import org.millrace.contract.Sha256;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.EncoderManifest;
import org.millrace.contract.registry.PublishedEncoder;
import org.millrace.encoder.network.Backbone;
import org.millrace.encoder.tensor.Torch;
import org.millrace.encoder.tensor.WeightLayout;
import org.millrace.encoder.tensor.Weights;
import org.millrace.evaluator.Embedder;
import org.millrace.evaluator.EmbedderFactory;
import org.millrace.evaluator.TorchEmbedders;
import org.millrace.evaluator.probe.Half;
import org.millrace.evaluator.probe.LabelledHalves;
import org.millrace.evaluator.probe.ProbeImage;

/** Exams on images that are easily told apart. */
final class TestBenchmarks implements BenchmarkProgress {
    static final MillraceConfig CONFIG = new ConfigLoader()
            .assignments(List.of(
                    "run.threads=1",
                    "encoder.height=16",
                    "encoder.width=16",
                    "encoder.channels=1",
                    "encoder.mean=0.5",
                    "encoder.standard-deviation=0.25",
                    "evaluator.neighbours=5",
                    "evaluator.batch-size=7"))
            .load();

    final List<String> tasks = new ArrayList<>();
    final List<Long> expected = new ArrayList<>();
    final List<Long> last = new ArrayList<>();

    /** A benchmark of a ResNet-20 with random weights on images that the network sees. */
    Benchmark ofNetwork(LabelledHalves images) {
        Torch torch = Torch.start(CONFIG.run());
        return benchmark(torch, images, new TorchEmbedders(torch, CONFIG.encoder(), CONFIG.images()));
    }

    /** A benchmark of an encoder whose features of an image are the values of its only pixels. */
    Benchmark ofPixels(LabelledHalves images, int dimension) {
        return benchmark(Torch.start(CONFIG.run()), images, new PixelEmbedders(dimension));
    }

    @Override
    public void begin(String task, long examples) {
        tasks.add(task);
        expected.add(examples);
        last.add(0L);
    }

    @Override
    public void update(long done, String remark) {
        last.set(last.size() - 1, done);
    }

    private Benchmark benchmark(Torch torch, LabelledHalves images, EmbedderFactory embedders) {
        byte[] file;
        WeightLayout layout = new WeightLayout();
        Backbone.of(CONFIG.encoder()).declare(layout, "");
        try (Weights weights = Weights.initialised(torch, layout, 1)) {
            file = weights.snapshot("").toBytes();
        }
        EncoderManifest manifest =
                new EncoderManifest(1, "main", 400, 400, 51_200, CONFIG.encoder(), file.length, 1, Sha256.of(file), 1);
        return new Benchmark(
                torch, CONFIG, new PublishedEncoder(manifest, file), embedders, images, this, Clock.systemUTC());
    }

    /** Images whose bytes are clouds around a corner of their class. */
    static LabelledHalves clouds(long seed, int perClass, int classes, int dimension, double noise) {
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        List<List<ProbeImage>> halves = new ArrayList<>();
        for (Half half : Half.values()) {
            List<ProbeImage> images = new ArrayList<>();
            for (int i = 0; i < perClass * classes; i++) {
                int label = i % classes;
                byte[] file = new byte[dimension];
                for (int d = 0; d < dimension; d++) {
                    double centre = ((label + 1) >> d & 1) == 1 ? 60 : -60;
                    file[d] = (byte) Math.max(-128, Math.min(127, centre + noise * random.nextGaussian()));
                }
                images.add(ProbeImage.of(half + "/" + i, "class" + label, half, file));
            }
            halves.add(images);
        }
        return LabelledHalves.of(halves.get(0), halves.get(1));
    }

    /** PNGs, 16×16 grey: bright lines across, bright lines down, or neither, in noise; a crop of one shows what the whole does. */
    static LabelledHalves textures(long seed, int perClass) {
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        List<List<ProbeImage>> halves = new ArrayList<>();
        for (Half half : Half.values()) {
            List<ProbeImage> images = new ArrayList<>();
            for (int i = 0; i < 3 * perClass; i++) {
                images.add(ProbeImage.of(half + "/" + i, "texture" + i % 3, half, texture(random, i % 3)));
            }
            halves.add(images);
        }
        return LabelledHalves.of(halves.get(0), halves.get(1));
    }

    private static byte[] texture(Random random, int kind) {
        BufferedImage image = new BufferedImage(16, 16, BufferedImage.TYPE_BYTE_GRAY);
        for (int y = 0; y < 16; y++) {
            for (int x = 0; x < 16; x++) {
                int along = kind == 0 ? y : x;
                int line = kind == 2 ? 75 : along / 2 % 2 * 150;
                image.getRaster().setSample(x, y, 0, line + random.nextInt(100));
            }
        }
        var bytes = new ByteArrayOutputStream();
        try {
            ImageIO.write(image, "png", bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    private record PixelEmbedders(int dimension) implements EmbedderFactory {
        @Override
        public Embedder load(EncoderManifest manifest, byte[] safetensors) {
            return new Embedder() {
                @Override
                public int dimension() {
                    return dimension;
                }

                @Override
                public float[] embedScaled(List<float[]> images) {
                    throw new UnsupportedOperationException("these encoders see encoded images");
                }

                @Override
                public float[] embed(List<byte[]> images) {
                    float[] features = new float[images.size() * dimension];
                    for (int i = 0; i < features.length; i++) {
                        features[i] = images.get(i / dimension)[i % dimension] / 100f;
                    }
                    return features;
                }

                @Override
                public void close() {}
            };
        }

        @Override
        public boolean decodes(byte[] image) {
            return true;
        }
    }
}
