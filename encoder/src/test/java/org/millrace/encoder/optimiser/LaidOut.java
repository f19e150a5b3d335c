package org.millrace.encoder.optimiser;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.millrace.contract.vector.ReferenceVector;
import org.millrace.encoder.tensor.InPlace;
import org.millrace.encoder.tensor.Torch;
import org.millrace.encoder.tensor.WeightLayout;
import org.millrace.encoder.tensor.Weights;

/**
 * The inputs of a vector as tensors of a network's layout, by their number of dimensions: 1 is a bias or a scale of batch norm, 2 a
 * fully connected layer, 4 a convolution. What such a layer has besides (a bias, a shift) gets no gradient.
 */
final class LaidOut {
    private static final String GRADIENT = "grad_";

    private final ReferenceVector vector;
    private final WeightLayout layout = new WeightLayout();
    private final List<Place> places = new ArrayList<>();
    private int length;
    private int layers;

    LaidOut(ReferenceVector vector) {
        this.vector = vector;
        vector.root().path("inputs").fieldNames().forEachRemaining(name -> {
            if (!name.startsWith(GRADIENT)) {
                add(name, vector.root().path("inputs").path(name).path("shape").size());
            }
        });
    }

    /**
     * Where a tensor lies among all parameters.
     *
     * @param layer its number among the tensors of more than one dimension; −1 where it is none
     */
    record Place(String name, int from, int size, int layer) {
        boolean adapted() {
            return layer >= 0;
        }

        float[] of(float[] all) {
            return Arrays.copyOfRange(all, from, from + size);
        }
    }

    List<Place> places() {
        return places;
    }

    Weights weights(Torch torch) {
        float[] values = new float[length];
        for (Place place : places) {
            System.arraycopy(vector.floats(place.name()), 0, values, place.from(), place.size());
        }
        Weights weights = Weights.initialised(torch, layout, 0);
        InPlace.overwrite(weights.parameters(), values);
        return weights.requireGradient();
    }

    float[] gradient(int step) {
        float[] values = new float[length];
        for (Place place : places) {
            float[] all = vector.floats(GRADIENT + place.name());
            System.arraycopy(all, step * place.size(), values, place.from(), place.size());
        }
        return values;
    }

    private void add(String name, int dimensions) {
        int outputs = vector.size(name, 0);
        int besides;
        switch (dimensions) {
            case 1 -> {
                layout.batchNorm(name, outputs);
                besides = outputs;
            }
            case 2 -> {
                layout.linear(name, outputs, vector.size(name, 1));
                besides = outputs;
            }
            case 4 -> {
                layout.convolution(name, outputs, vector.size(name, 1), vector.size(name, 2));
                besides = 0;
            }
            default -> throw new IllegalArgumentException(name + " has " + dimensions + " dimensions");
        }
        int size = vector.floats(name).length;
        places.add(new Place(name, length, size, dimensions > 1 ? layers++ : -1));
        length += size + besides;
    }
}
