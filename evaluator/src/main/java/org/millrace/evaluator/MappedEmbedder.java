package org.millrace.evaluator;

import static org.millrace.contract.Check.check;

import java.util.List;
import org.millrace.numerics.AffineMap;

/** An encoder whose features are mapped to the space of another one. Used by the thread that loaded the encoder; closing it closes that. */
public final class MappedEmbedder implements Embedder {
    private final Embedder encoder;
    private final AffineMap map;

    public MappedEmbedder(Embedder encoder, AffineMap map) {
        check(
                encoder.dimension() == map.inputs(),
                "an adapter of %d features cannot take an encoder of %d",
                map.inputs(),
                encoder.dimension());
        this.encoder = encoder;
        this.map = map;
    }

    @Override
    public int dimension() {
        return map.outputs();
    }

    @Override
    public float[] embed(List<byte[]> images) {
        return map.applyAll(encoder.embed(images));
    }

    @Override
    public float[] embedScaled(List<float[]> images) {
        return map.applyAll(encoder.embedScaled(images));
    }

    @Override
    public void close() {
        encoder.close();
    }
}
