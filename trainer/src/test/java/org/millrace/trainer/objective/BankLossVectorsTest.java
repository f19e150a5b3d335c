package org.millrace.trainer.objective;

import static org.millrace.encoder.VectorTensors.tensor;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.millrace.contract.ImageOffset;
import org.millrace.contract.vector.ReferenceVector;
import org.millrace.keystore.ImageId;
import org.millrace.keystore.KeyBatch;
import org.millrace.keystore.MemoryBank;
import org.millrace.keystore.MemoryBankSettings;
import org.millrace.trainer.TestRuns;
import org.millrace.trainer.objective.InfoNce.Contrast;

/** The memory bank's losses and its update, read from and written to a real bank; shapes and parameters are the files'. */
final class BankLossVectorsTest {
    private final NDManager manager = TestRuns.torch().newManager();

    @AfterEach
    void close() {
        manager.close();
    }

    @Test
    void mixed_referenceVector_sameBankAfterwards() {
        checkUpdate(ReferenceVector.load("memory_bank_update"));
    }

    @Test
    void softmax_sampledNegatives_sameLossGradientAndBank() {
        ReferenceVector vector = ReferenceVector.load("memory_bank_sampled_softmax");
        try (MemoryBank bank = bank(vector)) {
            NDArray features = leaf(vector);
            int[] own = vector.integers("y");
            int[] drawn = vector.integers("neg_idx");
            NDArray positives = rows(bank, own);
            NDArray negatives =
                    rows(bank, drawn).reshape(own.length, drawn.length / own.length, vector.size("bank", 1));
            try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
                NDArray logits = BankLoss.logits(features, positives, negatives, vector.number("T"));
                Contrast contrast = BankLoss.softmax(BankContrast.withoutOwn(logits, drawn, own, manager));
                NDArray loss = contrast.loss();
                collector.backward(loss);
                vector.check("loss", loss.getFloat());
                vector.check("loss_per_sample", contrast.losses().toFloatArray());
                vector.check("logits", contrast.logits().toFloatArray());
                vector.check("top1", (float) InfoNce.accuracy(contrast.logits()));
            }
            vector.check("grad_f", features.getGradient().toFloatArray());
        }
        checkUpdate(vector);
    }

    @Test
    void softmax_allRows_sameLossProbabilitiesAndGradient() {
        ReferenceVector vector = ReferenceVector.load("memory_bank_full_softmax");
        double temperature = vector.number("tau");
        try (MemoryBank bank = bank(vector)) {
            NDArray features = leaf(vector);
            int[] own = vector.integers("y");
            int[] all = IntStream.range(0, bank.size()).toArray();
            try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
                NDArray logits = BankLoss.logits(features, rows(bank, own), rows(bank, all), temperature);
                Contrast contrast = BankLoss.softmax(BankContrast.withoutOwn(logits, all, own, manager));
                NDArray loss = contrast.loss();
                collector.backward(loss);
                vector.check("loss", loss.getFloat());
                vector.check("loss_per_sample", contrast.losses().toFloatArray());
                vector.check("logits", logits.get(":, 1:").toFloatArray());
                vector.check("prob", inBankOrder(contrast.logits().softmax(1), own, all.length));
            }
            vector.check("grad_f", features.getGradient().toFloatArray());
        }
        checkUpdate(vector);
    }

    @Test
    void noiseContrastive_referenceVector_sameLossPosteriorAndGradient() {
        ReferenceVector vector = ReferenceVector.load("memory_bank_nce");
        double temperature = vector.number("tau");
        double partition = vector.number("Z");
        try (MemoryBank bank = bank(vector)) {
            int[] own = vector.integers("y");
            int[] noise = vector.integers("noise_idx");
            NDArray positives = rows(bank, own);
            NDArray negatives =
                    rows(bank, noise).reshape(own.length, noise.length / own.length, vector.size("bank", 1));
            NDArray features = leaf(vector);
            try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
                NDArray logits = BankLoss.logits(features, positives, negatives, temperature);
                Contrast contrast = BankLoss.noiseContrastive(logits, partition, bank.size());
                NDArray loss = contrast.loss();
                collector.backward(loss);
                vector.check("loss", loss.getFloat());
                vector.check("loss_per_sample", contrast.losses().toFloatArray());
                vector.check("P", BankLoss.probability(logits, partition).toFloatArray());
                vector.check(
                        "posterior_h",
                        BankLoss.posterior(logits, partition, bank.size()).toFloatArray());
                vector.check("Z_estimate_first_batch", (float) BankLoss.partition(logits, bank.size()));
            }
            vector.check("grad_f", features.getGradient().toFloatArray());
            NDArray unit = InfoNce.unit(tensor(vector, "f", manager));
            unit.setRequiresGradient(true);
            try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
                NDArray logits = BankLoss.ofUnitRows(unit, positives, negatives, temperature);
                collector.backward(BankLoss.noiseContrastive(logits, partition, bank.size())
                        .loss());
            }
            vector.check("grad_f_normalized", unit.getGradient().toFloatArray());
        }
        checkUpdate(vector);
    }

    // the rows of the batch mixed with its features and written back
    private void checkUpdate(ReferenceVector vector) {
        try (MemoryBank bank = bank(vector)) {
            int[] own = vector.integers("y");
            NDArray mixed = BankLoss.mixed(rows(bank, own), tensor(vector, "f", manager), vector.number("t"));
            List<ImageId> images =
                    IntStream.of(own).mapToObj(BankLossVectorsTest::id).toList();
            bank.update(images, batch(mixed.toFloatArray(), vector.size("bank", 1), own.length));
            int[] all = IntStream.range(0, bank.size()).toArray();
            vector.check("bank_after", bank.rows(all));
        }
    }

    // row i of the vector's bank belongs to image i, and lies in slot i
    private static MemoryBank bank(ReferenceVector vector) {
        int rows = vector.size("bank", 0);
        int dimension = vector.size("bank", 1);
        MemoryBank bank = new MemoryBankSettings("images", dimension, rows).openInMemory();
        List<ImageId> images =
                IntStream.range(0, rows).mapToObj(BankLossVectorsTest::id).toList();
        bank.update(images, batch(vector.floats("bank"), dimension, rows));
        return bank;
    }

    private static KeyBatch batch(float[] rows, int dimension, int count) {
        List<ImageOffset> images = new ArrayList<>(Collections.nCopies(count, new ImageOffset(0, 0)));
        return new KeyBatch(1, dimension, rows, images);
    }

    private static ImageId id(int image) {
        return new ImageId(String.valueOf(image).getBytes(StandardCharsets.UTF_8));
    }

    private NDArray rows(MemoryBank bank, int[] slots) {
        return manager.create(
                bank.rows(slots), new Shape(slots.length, bank.settings().dimension()));
    }

    // columns 1 to n are the bank's rows; the own one was taken out of them and stands in column 0
    private static float[] inBankOrder(NDArray probabilities, int[] own, int rows) {
        float[] values = probabilities.toFloatArray();
        float[] ordered = new float[own.length * rows];
        for (int i = 0; i < own.length; i++) {
            for (int j = 0; j < rows; j++) {
                ordered[i * rows + j] = values[i * (rows + 1) + (j == own[i] ? 0 : j + 1)];
            }
        }
        return ordered;
    }

    private NDArray leaf(ReferenceVector vector) {
        NDArray tensor = tensor(vector, "f", manager);
        tensor.setRequiresGradient(true);
        return tensor;
    }
}
