package org.millrace.trainer.objective;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.millrace.contract.CounterRandom;
import org.millrace.contract.UserException;
import org.millrace.contract.config.MemoryBankConfig;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.encoder.network.MultilayerPerceptron.Norm;
import org.millrace.encoder.tensor.Safetensors;
import org.millrace.encoder.tensor.Scaled;
import org.millrace.encoder.tensor.Torch;
import org.millrace.encoder.tensor.Weights;
import org.millrace.keystore.BankRows;
import org.millrace.keystore.ImageId;
import org.millrace.keystore.KeyBatch;
import org.millrace.keystore.MemoryBank;
import org.millrace.trainer.objective.InfoNce.Contrast;

/**
 * Instance discrimination with a memory bank (Wu et al. 2018, arXiv:1805.01978): the feature of one view must find the row that the
 * bank remembers of its image. Rows are constants, as they were before the step; afterwards v ← normalise(t·v + (1 − t)·f).
 *
 * <p>The paper's data set is finite and its bank begins at random. On a stream most images are new: the other view's feature, without
 * gradient, stands in for a row that is not there yet, and the first row is the feature itself. Negatives are drawn from the rows that
 * are there, for the whole batch together or for each image; the stand-ins of other images are negatives too (softmax only), without
 * which features could leave old rows behind all together and never tell new images apart.
 */
final class InstanceDiscrimination implements Objective {
    private static final float NEVER = -1e9f;
    private static final String MEAN_SCORE = "mean-score";

    private final MemoryBankConfig config;
    private final MemoryBank bank;
    private final QueryNetwork query;
    private final long seed;
    private final int dimension;
    /** Mean of exp(s) over the first batch, for Z; 0 before it. */
    private float meanScore;

    InstanceDiscrimination(MillraceConfig config, Torch torch, MemoryBank bank) {
        this(config, torch, new Heads(config).projection(1, Norm.NONE, Norm.NONE), bank);
    }

    InstanceDiscrimination(MillraceConfig config, Torch torch, Branch branch, MemoryBank bank) {
        this.config = config.memoryBank();
        this.bank = bank;
        this.seed = config.run().seed();
        this.dimension = config.head().output();
        this.query = new QueryNetwork(torch, branch, config);
    }

    @Override
    public Weights query() {
        return query.weights();
    }

    @Override
    public List<Encoded> encoded() {
        return query.encoded();
    }

    @Override
    public Targets targets(Batch batch, NDManager scope) {
        return Targets.of(positives(bank.rows(ids(batch)), batch, scope)); // N×C
    }

    @Override
    public Loss loss(Batch batch, Targets targets, NDManager scope) {
        BankRows own = bank.rows(ids(batch));
        NDArray positives = targets.rows().get(0); // N×C
        NDArray features = query.project(batch.first(), query.weights().tensors(scope)); // N×C
        Contrast contrast = contrast(features, positives, own, batch.step(), scope);
        NDArray fresh = InfoNce.unit(features.stopGradient());
        return new Loss(
                contrast.loss(),
                InfoNce.accuracy(contrast.logits()),
                List.of(contrast.losses()),
                Optional.of(rowsAfter(own, positives, fresh)),
                new Projections(fresh, Optional.empty()));
    }

    @Override
    public void remember(Loss loss, Batch batch) {
        float[] rows = loss.keys().orElseThrow().toFloatArray();
        bank.update(ids(batch), new KeyBatch(batch.step(), dimension, rows, batch.images()));
    }

    @Override
    public Safetensors state() {
        return new Safetensors.Builder()
                .add(MEAN_SCORE, new long[] {1}, new float[] {meanScore})
                .build();
    }

    @Override
    public void begin() {
        bank.truncateAfter(0);
    }

    @Override
    public void restore(Safetensors state, long sequence) {
        meanScore = state.tensor(MEAN_SCORE, 1)[0];
        bank.truncateAfter(sequence);
    }

    @Override
    public long keySequence() {
        return bank.newestSequence();
    }

    @Override
    public long keysFilled() {
        return bank.size();
    }

    @Override
    public Optional<Remembered> remembered() {
        return Optional.of(new Remembered() {
            @Override
            public long[] steps() {
                return bank.steps();
            }

            @Override
            public NDArray views(Batch batch) {
                return batch.first();
            }

            @Override
            public NDArray encode(NDArray views, long step, NDManager scope) {
                return featuresAgain(views, scope);
            }

            @Override
            public BankRows rows(long last, List<Optional<ImageId>> ids, NDManager scope) {
                return rowsOf(last, ids.stream().map(Optional::orElseThrow).toList());
            }
        });
    }

    @Override
    public void close() {
        query.close();
    }

    private static List<ImageId> ids(Batch batch) {
        for (int i = 0; i < batch.ids().size(); i++) {
            if (batch.ids().get(i).isEmpty()) {
                throw new UserException(
                        "trainer.objective=memory-bank remembers a row for each image id, but the image at "
                                + batch.images().get(i)
                                + " has none: its record has no key of 1 to " + ImageId.MOST_BYTES
                                + " bytes. Push with keys (`millrace push` does), or set another trainer.objective and run.name.");
            }
        }
        return batch.ids().stream().map(Optional::orElseThrow).toList();
    }

    // N×C unit rows; running statistics stay as they are
    private NDArray featuresAgain(NDArray views, NDManager scope) {
        try (NDManager activations = scope.newSubManager()) {
            views.tempAttach(activations);
            NDArray features = InfoNce.unit(query.project(views, query.weights().tensorsBesideBuffers(activations)));
            features.attach(scope);
            return features;
        }
    }

    // rows that nobody wrote since the update whose last row has that number
    private BankRows rowsOf(long last, List<ImageId> ids) {
        BankRows rows = bank.rows(ids);
        int[] slots = rows.slots();
        for (int i = 0; i < slots.length; i++) {
            long written = last - slots.length + 1 + i;
            boolean same = bank.find(ids.get(i))
                    .filter(row -> row.sequence() == written)
                    .isPresent();
            slots[i] = same ? slots[i] : BankRows.ABSENT;
        }
        return rows;
    }

    // own rows, and for an image that has none the other view's feature; N×C
    private NDArray positives(BankRows own, Batch batch, NDManager scope) {
        NDArray rows = scope.create(own.rows(), new Shape(own.size(), dimension));
        float[] absent = new float[own.size()];
        boolean none = true;
        for (int i = 0; i < absent.length; i++) {
            absent[i] = own.isPresent(i) ? 0 : 1;
            none &= own.isPresent(i);
        }
        if (none) {
            return rows;
        }
        try (NDManager activations = scope.newSubManager()) {
            batch.second().tempAttach(activations);
            NDArray features =
                    InfoNce.unit(query.project(batch.second(), query.weights().tensors(activations)));
            NDArray mask = activations.create(absent, new Shape(absent.length, 1)); // N×1
            NDArray positives = rows.add(features.mul(mask));
            positives.attach(scope);
            return positives;
        }
    }

    private Contrast contrast(NDArray features, NDArray positives, BankRows own, long step, NDManager scope) {
        int[] slots = own.slots();
        if (bank.size() == 0) { // the very first step: the batch itself
            return new Contrast(
                    InfoNce.withBatch(features, positives, config.temperature()).losses(),
                    BankLoss.logits(features, positives, positives, config.temperature()));
        }
        if (config.loss() == MemoryBankConfig.Loss.FULL_SOFTMAX) {
            int[] all = new int[bank.size()];
            Arrays.setAll(all, i -> i);
            NDArray negatives = scope.create(bank.rows(all), new Shape(all.length, dimension)); // n×C
            NDArray logits = BankLoss.logits(features, positives, negatives, config.temperature()); // N×(1+n)
            return BankLoss.softmax(
                    withStandIns(withoutOwn(logits, all, slots, scope), features, positives, own, scope));
        }
        int[] drawn = draw(step, slots.length);
        Shape shape = config.shared()
                ? new Shape(drawn.length, dimension)
                : new Shape(slots.length, config.negatives(), dimension);
        NDArray negatives = scope.create(bank.rows(drawn), shape);
        NDArray logits = BankLoss.logits(features, positives, negatives, config.temperature()); // N×(1+M)
        return config.loss() == MemoryBankConfig.Loss.NCE
                ? BankLoss.noiseContrastive(logits, partition(logits), bank.size())
                : BankLoss.softmax(
                        withStandIns(withoutOwn(logits, drawn, slots, scope), features, positives, own, scope));
    }

    // Z; set for good by the first batch where the configuration leaves it to that
    private double partition(NDArray logits) {
        if (config.partition() > 0) {
            return config.partition();
        }
        if (meanScore == 0) {
            meanScore = (float) BankLoss.partition(logits.stopGradient(), 1);
        }
        return (double) meanScore * bank.size();
    }

    // slots of negatives, M for the batch or N·M
    private int[] draw(long step, int batch) {
        CounterRandom random = CounterRandom.of(seed, step, CounterRandom.Purpose.NEGATIVES, 0);
        int[] drawn = new int[config.shared() ? config.negatives() : batch * config.negatives()];
        for (int i = 0; i < drawn.length; i++) {
            drawn[i] = random.nextInt(bank.size());
        }
        return drawn;
    }

    // other images' stand-ins are negatives like the rows that they are about to become; logits: N×(1+M) → N×(1+M+N)
    private NDArray withStandIns(NDArray logits, NDArray features, NDArray positives, BankRows own, NDManager scope) {
        int count = own.size();
        float[] never = new float[count * count];
        boolean none = true;
        for (int j = 0; j < count; j++) {
            none &= own.isPresent(j);
            for (int i = 0; i < count; i++) {
                never[i * count + j] = i == j || own.isPresent(j) ? NEVER : 0;
            }
        }
        if (none) {
            return logits;
        }
        NDArray similarity = InfoNce.unit(features).matMul(positives.transpose()); // N×N
        NDArray others =
                Scaled.over(similarity, config.temperature()).add(scope.create(never, new Shape(count, count)));
        return NDArrays.concat(new NDList(logits, others), 1);
    }

    // takes the image's own row out of its negatives; logits: N×(1+M)
    static NDArray withoutOwn(NDArray logits, int[] negatives, int[] own, NDManager scope) {
        int columns = (int) logits.getShape().get(1);
        float[] never = new float[own.length * columns];
        boolean each = negatives.length == own.length * (columns - 1);
        for (int i = 0; i < own.length; i++) {
            for (int j = 1; j < columns; j++) {
                int slot = negatives[each ? i * (columns - 1) + j - 1 : j - 1];
                never[i * columns + j] = slot == own[i] ? NEVER : 0;
            }
        }
        return logits.add(scope.create(never, logits.getShape()));
    }

    // rows: N×C as after the step
    private NDArray rowsAfter(BankRows own, NDArray positives, NDArray fresh) {
        NDArray mixed = BankLoss.mixed(positives, fresh, config.momentum());
        float[] present = new float[own.size()];
        for (int i = 0; i < present.length; i++) {
            present[i] = own.isPresent(i) ? 1 : 0;
        }
        NDArray mask = fresh.getManager().create(present, new Shape(present.length, 1)); // N×1
        return mixed.mul(mask).add(fresh.mul(mask.neg().add(1)));
    }
}
