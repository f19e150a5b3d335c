package org.millrace.bench;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import org.millrace.contract.ImageOffset;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.config.Precision;
import org.millrace.contract.weights.Safetensors;
import org.millrace.encoder.tensor.Gradients;
import org.millrace.encoder.tensor.Torch;
import org.millrace.encoder.tensor.Weights;
import org.millrace.keystore.KeyStore;
import org.millrace.keystore.KeyStoreSettings;
import org.millrace.trainer.Learner;
import org.millrace.trainer.objective.Batch;
import org.millrace.trainer.objective.Objective;
import org.millrace.trainer.stream.StageClock;
import org.millrace.trainer.stream.ViewBuffers;

/**
 * How far the gradient of a half-precision step lies from float32's, tensor by tensor, for the same weights and batch, after some steps in
 * float32: {@code bench/run half-gradient [STEPS] [bf16|fp16] [key=value …]}. Beside it the same for float32 with the batch's order
 * reversed, which is rounding alone.
 *
 * <p>Under a minute for 30 steps on 2 cores. The figures of docs/experiments/0008-half-precision.md.
 */
final class HalfGradient {
    private static final int SHOWN = 12;

    private final MillraceConfig config;
    private final int steps;

    private HalfGradient(MillraceConfig config, int steps) {
        this.config = config;
        this.steps = steps;
    }

    public static void main(String[] arguments) {
        int steps = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 30;
        String half = arguments.length > 1 ? arguments[1] : "bf16";
        List<String> assignments = Arrays.asList(arguments).subList(Math.min(2, arguments.length), arguments.length);
        MillraceConfig config = new ConfigLoader().assignments(assignments).load();
        new HalfGradient(config, steps).run(Precision.valueOf(half.toUpperCase(Locale.ROOT)));
    }

    private void run(Precision half) {
        Torch torch = Torch.start(config.run());
        var settings = new KeyStoreSettings(
                "images", config.head().output(), config.moco().queueSize());
        try (KeyStore keys = settings.openInMemory()) {
            Safetensors query;
            Safetensors key;
            List<ImageOffset> images = MemoryBatch.images(config.trainer().batchSize());
            ViewBuffers views = MemoryBatch.views(config);
            try (Learner learner = new Learner(config, torch, keys)) {
                for (int step = 1; step <= steps; step++) {
                    var unused = learner.step(
                            step,
                            views,
                            images,
                            Collections.nCopies(images.size(), java.util.Optional.empty()),
                            new StageClock(System::nanoTime));
                }
                query = learner.query();
                key = learner.key();
            }
            List<Part> parts = parts(torch, query, key, keys);
            float[] full = gradient(torch, query, key, keys, false);
            print("float32, the batch's order reversed: %s", whole(full, gradient(torch, query, key, keys, true)));
            float[] other = gradient(torch.with(half), query, key, keys, false);
            print("%s: %s", half.key(), whole(full, other));
            print("%-44s %8s %10s %10s", "tensor, the furthest first", "rel. L2", "cosine", "share of |g|");
            double all = norm(full, 0, full.length);
            parts.stream()
                    .sorted(Comparator.comparingDouble((Part part) -> -relative(full, other, part.from(), part.to())))
                    .limit(SHOWN)
                    .forEach(part -> print(
                            "%-44s %8.4f %10.5f %10.2e",
                            part.name(),
                            relative(full, other, part.from(), part.to()),
                            cosine(full, other, part.from(), part.to()),
                            norm(full, part.from(), part.to()) / all));
        }
    }

    private record Part(String name, int from, int to) {}

    private List<Part> parts(Torch torch, Safetensors query, Safetensors key, KeyStore keys) {
        try (Objective objective = restored(torch, query, key, keys)) {
            List<String> names = new ArrayList<>(query.names()); // parameters first, in the order of the layout
            List<Weights.Slice> slices = objective.query().slices();
            List<Part> parts = new ArrayList<>();
            for (int i = 0; i < slices.size(); i++) {
                parts.add(new Part(names.get(i), (int) slices.get(i).from(), (int)
                        slices.get(i).to()));
            }
            return parts;
        }
    }

    private Objective restored(Torch torch, Safetensors query, Safetensors key, KeyStore keys) {
        Objective objective = Objective.create(config, torch, keys);
        objective.query().read(query);
        objective.restore(key, keys.newestSequence());
        return objective;
    }

    private float[] gradient(Torch torch, Safetensors query, Safetensors key, KeyStore keys, boolean reversed) {
        try (Objective objective = restored(torch, query, key, keys);
                NDManager scope = torch.newManager()) {
            List<NDArray> views = MemoryBatch.views(config).views().stream()
                    .map(view -> scope.create(
                                    view.values(),
                                    new Shape(
                                            config.trainer().batchSize(), view.height(), view.width(), view.channels()),
                                    DataType.FLOAT32)
                            .transpose(0, 3, 1, 2))
                    .map(view -> reversed ? view.flip(0) : view)
                    .toList();
            List<ImageOffset> images = MemoryBatch.images(config.trainer().batchSize());
            var batch = new Batch(
                    steps + 1L, images, Collections.nCopies(images.size(), java.util.Optional.empty()), views);
            var targets = objective.targets(batch, scope);
            Gradients.recorded(() ->
                    Gradients.backward(objective.loss(batch, targets, scope).value()));
            try (NDArray gradient = objective.query().gradient()) {
                return gradient.toFloatArray();
            }
        }
    }

    private static String whole(float[] full, float[] other) {
        return String.format(
                Locale.ROOT,
                "relative L2 %.2e, cosine %.6f",
                relative(full, other, 0, full.length),
                cosine(full, other, 0, full.length));
    }

    private static double relative(float[] full, float[] other, int from, int to) {
        double square = 0;
        for (int i = from; i < to; i++) {
            square += Math.pow((double) other[i] - full[i], 2);
        }
        return Math.sqrt(square) / norm(full, from, to);
    }

    private static double cosine(float[] full, float[] other, int from, int to) {
        double product = 0;
        for (int i = from; i < to; i++) {
            product += (double) full[i] * other[i];
        }
        return product / norm(full, from, to) / norm(other, from, to);
    }

    private static double norm(float[] values, int from, int to) {
        double square = 0;
        for (int i = from; i < to; i++) {
            square += (double) values[i] * values[i];
        }
        return Math.sqrt(square);
    }

    private static void print(String format, Object... arguments) {
        System.out.println(String.format(Locale.ROOT, format, arguments));
    }
}
