package org.millrace.trainer.objective;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import java.util.Optional;
import org.millrace.contract.UserException;
import org.millrace.contract.config.MemoryBankConfig;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.weights.Safetensors;
import org.millrace.encoder.network.MultilayerPerceptron.Norm;
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
 * gradient, stands in for a row that is not there yet, and the first row is the feature itself.
 */
final class InstanceDiscrimination implements Objective {
    private static final String MEAN_SCORE = "mean-score";

    private final MemoryBankConfig config;
    private final MemoryBank bank;
    private final BankContrast contrast;
    private final QueryNetwork query;
    private final int dimension;

    InstanceDiscrimination(MillraceConfig config, Torch torch, MemoryBank bank) {
        this(config, torch, new Heads(config).projection(1, Norm.NONE, Norm.NONE), bank);
    }

    InstanceDiscrimination(MillraceConfig config, Torch torch, Branch branch, MemoryBank bank) {
        this.config = config.memoryBank();
        this.bank = bank;
        this.contrast = new BankContrast(config, bank);
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
        Contrast contrasted = contrast.of(features, positives, own, batch.step(), scope);
        NDArray fresh = InfoNce.unit(features.stopGradient());
        return new Loss(
                contrasted.loss(),
                InfoNce.accuracy(contrasted.logits()),
                List.of(contrasted.losses()),
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
                .add(MEAN_SCORE, new long[] {1}, new float[] {contrast.meanScore()})
                .build();
    }

    @Override
    public void begin() {
        bank.truncateAfter(0);
    }

    @Override
    public void restore(Safetensors state, long sequence) {
        contrast.restore(state.tensor(MEAN_SCORE, 1)[0]);
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
