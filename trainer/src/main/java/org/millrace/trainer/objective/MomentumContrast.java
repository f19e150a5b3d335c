package org.millrace.trainer.objective;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.millrace.contract.ImageOffset;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.config.MocoConfig;
import org.millrace.contract.weights.Safetensors;
import org.millrace.encoder.network.MultilayerPerceptron.Norm;
import org.millrace.encoder.tensor.Tensors;
import org.millrace.encoder.tensor.Torch;
import org.millrace.encoder.tensor.Weights;
import org.millrace.keystore.BankRows;
import org.millrace.keystore.ImageId;
import org.millrace.keystore.KeyStore;
import org.millrace.trainer.objective.InfoNce.Contrast;

/**
 * Momentum contrast with a dictionary, v1 (He et al. 2020, arXiv:1911.05722) and v2 (Chen et al. 2020, arXiv:2003.04297): a query
 * must find its own image's key among the dictionary of past keys. Keys enter the dictionary after the logits.
 *
 * <p>Asymmetric, one view asks and the other is the key. Symmetric, as in MoCo's CIFAR demonstration, both ask: the loss is the sum
 * of the two, each against the dictionary as it was before the step, and then the keys of both views enter it.
 *
 * <p>With {@code moco.mask-segment} keys of a query's own segment, frames of the same scene in a row, are no negatives of it.
 */
final class MomentumContrast implements Objective {
    private final MocoConfig config;
    private final boolean symmetric;
    private final QueryNetwork query;
    private final KeyNetwork key;
    private final EncoderMomentum momentum;
    private final Dictionary dictionary;

    /** v1: the projector is one linear layer. */
    static MomentumContrast v1(MillraceConfig config, Torch torch, KeyStore keys) {
        return new MomentumContrast(config, new Heads(config).projection(1, Norm.NONE, Norm.NONE), torch, keys);
    }

    /** v2: the projector has a hidden layer. */
    static MomentumContrast v2(MillraceConfig config, Torch torch, KeyStore keys) {
        return new MomentumContrast(config, new Heads(config).projection(2, Norm.NONE, Norm.NONE), torch, keys);
    }

    MomentumContrast(MillraceConfig config, Branch branch, Torch torch, KeyStore keys) {
        this.config = config.moco();
        this.symmetric = config.trainer().symmetric();
        this.query = new QueryNetwork(torch, branch, config);
        this.key = new KeyNetwork(torch, branch, config, query);
        this.momentum = EncoderMomentum.of(config);
        this.dictionary = new Dictionary(
                torch,
                keys,
                this.config.queueSize(),
                config.head().output(),
                config.run().seed());
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
    public Optional<Weights> key() {
        return Optional.of(key.weights());
    }

    @Override
    public OptionalDouble momentum(long step) {
        return OptionalDouble.of(momentum.at(step - 1.0));
    }

    @Override
    public void follow(long step) {
        key.follow(query, momentum(step).orElseThrow());
    }

    @Override
    public Targets targets(Batch batch, NDManager scope) {
        NDArray second = key.keys(batch.second(), batch.step(), scope); // N×C
        return symmetric ? Targets.of(key.keys(batch.first(), batch.step(), scope), second) : Targets.of(second);
    }

    @Override
    public Loss loss(Batch batch, Targets targets, NDManager scope) {
        Tensors weights = query.weights().tensors(scope);
        return symmetric ? both(batch, targets, weights, scope) : one(batch, targets, weights, scope);
    }

    private Loss one(Batch batch, Targets targets, Tensors weights, NDManager scope) {
        NDArray keys = targets.rows().get(0); // N×C
        NDArray queries = query.project(batch.first(), weights); // N×C
        Contrast contrast = contrast(queries, keys, mask(batch, scope));
        return new Loss(
                contrast.loss(),
                InfoNce.accuracy(contrast.logits()),
                List.of(contrast.losses()),
                Optional.of(keys),
                Projections.of(queries, keys));
    }

    private Loss both(Batch batch, Targets targets, Tensors weights, NDManager scope) {
        NDArray first = targets.rows().get(0); // N×C
        NDArray second = targets.rows().get(1); // N×C
        Optional<NDArray> mask = mask(batch, scope);
        Contrast one = contrast(query.project(batch.first(), weights), second, mask);
        Contrast two = contrast(query.project(batch.second(), weights), first, mask);
        NDArray keys = NDArrays.concat(new NDList(first, second), 0); // 2N×C
        return new Loss(
                one.loss().add(two.loss()),
                (InfoNce.accuracy(one.logits()) + InfoNce.accuracy(two.logits())) / 2,
                List.of(one.losses(), two.losses()),
                Optional.of(keys),
                Projections.of(first, second));
    }

    Dictionary dictionary() {
        return dictionary;
    }

    private Optional<NDArray> mask(Batch batch, NDManager scope) {
        return config.maskSegment() ? Optional.of(dictionary.ownSegments(batch, scope)) : Optional.empty();
    }

    private Contrast contrast(NDArray queries, NDArray keys, Optional<NDArray> mask) {
        NDArray rows = dictionary.rows();
        return mask.map(own -> InfoNce.withDictionary(queries, keys, rows, own, config.temperature()))
                .orElseGet(() -> InfoNce.withDictionary(queries, keys, rows, config.temperature()));
    }

    @Override
    public void remember(Loss loss, Batch batch) {
        List<ImageOffset> images = new ArrayList<>(batch.images());
        List<OptionalLong> segments = new ArrayList<>(batch.segments());
        if (symmetric) {
            images.addAll(batch.images());
            segments.addAll(batch.segments());
        }
        dictionary.enqueue(loss.keys().orElseThrow(), batch.step(), images, segments);
    }

    @Override
    public void begin() {
        dictionary.restore(0);
    }

    @Override
    public void restore(Safetensors state, long sequence) {
        key.weights().read(state);
        dictionary.restore(sequence);
    }

    @Override
    public long keySequence() {
        return dictionary.sequence();
    }

    @Override
    public long keysFilled() {
        return dictionary.filled();
    }

    @Override
    public Optional<Remembered> remembered() {
        return Optional.of(new Remembered() {
            @Override
            public long[] steps() {
                return dictionary.steps();
            }

            @Override
            public NDArray views(Batch batch) {
                return batch.second();
            }

            @Override
            public NDArray encode(NDArray views, long step, NDManager scope) {
                return key.keysAgain(views, step, scope);
            }

            @Override
            public BankRows rows(long last, List<Optional<ImageId>> ids, NDManager scope) {
                return dictionary.rows(last, ids.size(), scope);
            }
        });
    }

    @Override
    public void close() {
        dictionary.close();
        key.close();
        query.close();
    }
}
