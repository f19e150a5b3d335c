package org.millrace.evaluator.protocol;

import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.UserException;
import org.millrace.contract.config.EncoderConfig;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.registry.PublishedEncoder;
import org.millrace.contract.weights.Safetensors;
import org.millrace.encoder.tensor.Torch;
import org.millrace.evaluator.Embedder;
import org.millrace.evaluator.EmbedderFactory;
import org.millrace.evaluator.probe.LabelledHalves;
import org.millrace.evaluator.probe.ProbeImage;
import org.millrace.evaluator.score.ClassScores;
import org.millrace.evaluator.score.LabelledFeatures;
import org.millrace.evaluator.score.Trial;
import org.millrace.evaluator.score.Workers;
import org.millrace.numerics.FeatureMatrix;

/**
 * What probe protocols score: an encoder and labelled images in two halves, with the features of those, which are computed at their
 * first use. Used by the thread that made it; the owner closes it.
 */
public final class Benchmark implements AutoCloseable {
    private static final int TOP = 5;

    private final Torch torch;
    private final MillraceConfig config;
    private final PublishedEncoder encoder;
    private final EmbedderFactory embedders;
    private final LabelledHalves images;
    private final BenchmarkProgress progress;
    private final Clock clock;
    private final Workers workers;
    private @Nullable LabelledFeatures train;
    private @Nullable LabelledFeatures test;

    public Benchmark(
            Torch torch,
            MillraceConfig config,
            PublishedEncoder encoder,
            EmbedderFactory embedders,
            LabelledHalves images,
            BenchmarkProgress progress,
            Clock clock) {
        this.torch = torch;
        this.config = config;
        this.encoder = encoder;
        this.embedders = embedders;
        this.images = images;
        this.progress = progress;
        this.clock = clock;
        this.workers = new Workers(config.run().effectiveThreads());
    }

    Torch torch() {
        return torch;
    }

    /** This process's configuration; the encoder's own architecture and input are in {@link #architecture}. */
    MillraceConfig config() {
        return config;
    }

    EncoderConfig architecture() {
        return encoder.manifest().encoder();
    }

    Safetensors weights() {
        return Safetensors.parse(encoder.safetensors());
    }

    LabelledHalves images() {
        return images;
    }

    int classes() {
        return images.labels().size();
    }

    BenchmarkProgress progress() {
        return progress;
    }

    Workers workers() {
        return workers;
    }

    long seed() {
        return config.run().seed();
    }

    long millis() {
        return clock.millis();
    }

    /** Features of the half to learn from, row by row as its images. */
    LabelledFeatures train() {
        embed();
        return Objects.requireNonNull(train);
    }

    /** Features of the half to be scored on, row by row as its images. */
    LabelledFeatures test() {
        embed();
        return Objects.requireNonNull(test);
    }

    /** The protocol's score, from the scores of each class for the images to be scored on. */
    ProtocolScore score(
            String protocol, ClassScores scores, Map<String, Object> settings, List<Trial> trials, long startMillis) {
        int[] labels = images.classesOf(images.test());
        OptionalDouble top5 =
                classes() > TOP ? OptionalDouble.of(scores.accuracy(labels, TOP)) : OptionalDouble.empty();
        double seconds = (millis() - startMillis) / 1000.0;
        return new ProtocolScore(protocol, scores.accuracy(labels, 1), top5, settings, trials, seconds);
    }

    @Override
    public void close() {
        workers.close();
    }

    private void embed() {
        if (test != null) {
            return;
        }
        progress.begin("embed", (long) images.train().size() + images.test().size());
        try (Embedder embedder = embedders.load(encoder.manifest(), encoder.safetensors())) {
            train = embed(embedder, images.train(), 0);
            test = embed(embedder, images.test(), images.train().size());
        } catch (IllegalArgumentException e) {
            throw new UserException(
                    "encoder " + encoder.manifest().version() + " cannot be evaluated: " + e.getMessage(), e);
        }
    }

    private LabelledFeatures embed(Embedder embedder, List<ProbeImage> half, long done) {
        List<byte[]> files = half.stream().map(ProbeImage::file).toList();
        FeatureMatrix matrix = embedder.features(files, config.evaluator().batchSize(), embedded -> {
            progress.update(done + embedded, "");
            return true;
        });
        progress.update(done + half.size(), "");
        if (!matrix.isFinite()) {
            throw new UserException("encoder " + encoder.manifest().version()
                    + " cannot be evaluated: its features are not finite, its training diverged");
        }
        return new LabelledFeatures(matrix, images.classesOf(half));
    }
}
