package org.millrace.trainer.objective;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.millrace.contract.UserException;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.weights.Safetensors;
import org.millrace.encoder.TeacherFile;
import org.millrace.encoder.network.Backbone;
import org.millrace.encoder.tensor.Scaled;
import org.millrace.encoder.tensor.Tensors;
import org.millrace.encoder.tensor.Torch;
import org.millrace.encoder.tensor.Weights;

/**
 * Regression of another encoder's features, as SimReg has it (Navaneet et al. 2021, arXiv:2201.05131): of each view, what a head makes of
 * the learning encoder's features must have the direction of the teacher's. The head is linear, or has a hidden layer with {@code
 * head.layers=2}. Features of a ResNet are not negative and so nearly parallel to each other; the teacher's are therefore compared after
 * their mean over the batch is taken away, and so are the predictions.
 *
 * <p>The teacher does not change, and is not part of a checkpoint; its file's digest is.
 */
final class Distillation implements Objective {
    private static final String DIGEST = "distill.teacher";

    private final String name; // of the teacher's file
    private final String digest;
    private final FixedEncoder teacher;
    private final QueryNetwork query;

    Distillation(MillraceConfig config, Torch torch) {
        this(config, torch, TeacherFile.of(torch, config.distill().teacher(), config.encoder()));
    }

    private Distillation(MillraceConfig config, Torch torch, TeacherFile file) {
        this(
                config,
                torch,
                new Heads(config).regression(file.network().features()),
                taught(file, torch),
                file.digest());
    }

    Distillation(MillraceConfig config, Torch torch, Branch branch, FixedEncoder teacher, String digest) {
        this.name = config.distill().teacher();
        this.digest = digest;
        this.teacher = teacher;
        this.query = new QueryNetwork(torch, branch, config);
    }

    private static FixedEncoder taught(TeacherFile file, Torch torch) {
        Backbone network = file.network();
        FixedEncoder teacher = new FixedEncoder(network, torch, 0);
        teacher.weights().read(file.weights());
        return teacher;
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
        return Targets.of(teacher.features(batch.first(), scope), teacher.features(batch.second(), scope)); // N×D each
    }

    @Override
    public Loss loss(Batch batch, Targets targets, NDManager scope) {
        Tensors weights = query.weights().tensors(scope);
        NDArray first = query.project(batch.first(), weights); // N×D
        NDArray second = query.project(batch.second(), weights); // N×D
        NDArray cosines = Directions.cosinesFromMean(first, targets.rows().get(0))
                .add(Directions.cosinesFromMean(second, targets.rows().get(1))); // N
        NDArray distances = Scaled.over(cosines, 2).neg().add(1); // N
        return new Loss(
                distances.mean(),
                Double.NaN,
                List.of(distances),
                Optional.empty(),
                Projections.of(InfoNce.unit(first), InfoNce.unit(second)));
    }

    /** The digest of the teacher's file, without a tensor. */
    @Override
    public Safetensors state() {
        return new Safetensors.Builder().build().withMetadata(Map.of(DIGEST, digest));
    }

    @Override
    public void restore(Safetensors state, long sequence) {
        String before = state.metadata().getOrDefault(DIGEST, digest);
        if (!before.equals(digest)) {
            throw new UserException("distill.teacher is " + name + " with SHA-256 " + digest
                    + ", but this run has learned from the file with SHA-256 " + before
                    + ". Put that file there, or start a new run.");
        }
    }

    @Override
    public void close() {
        query.close();
        teacher.close();
    }
}
