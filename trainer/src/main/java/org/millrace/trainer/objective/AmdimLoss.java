package org.millrace.trainer.objective;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.stream.Stream;
import org.millrace.contract.config.AmdimConfig;
import org.millrace.encoder.tensor.Scaled;
import org.millrace.trainer.objective.AmdimNetworks.Features;

/**
 * AMDIM's loss over two views a and b of the same images (Bachman et al. 2019, sections 3.2 to 3.5): f₁ predicts f₅ and f₇, and f₅ at one
 * location predicts f₅, each from either view to the other. Directions are averaged, scales summed, and the squared scores of all six
 * added with the weight λ/2.
 */
record AmdimLoss(Scale oneToFive, Scale oneToSeven, Scale fiveToFive) {
    /**
     * The prediction of one view's locations from the other's antecedents.
     *
     * @param loss scalar, without the regulariser
     * @param meanSquare of the scores, scalar
     */
    record Direction(NceScores scores, Mixture mixture, NDArray loss, NDArray meanSquare) {
        /**
         * @param antecedents N×k×D
         * @param consequents N×D×H×W
         */
        static Direction of(NDArray antecedents, NDArray consequents, AmdimConfig config) {
            NceScores scores = NceScores.of(antecedents, consequents, config.clip());
            Mixture mixture = Mixture.of(scores.nce(), config.mixtureTemperature());
            return new Direction(scores, mixture, mixture.loss(), scores.meanSquare());
        }

        NDArray regulariser(double weight) {
            return Scaled.times(meanSquare, weight);
        }
    }

    /** A pair of scales, from the first view to the second and back. */
    record Scale(Direction forth, Direction back) {
        NDArray loss() {
            return Scaled.over(forth.loss().add(back.loss()), 2);
        }

        NDArray regulariser(double weight) {
            return Scaled.over(forth.regulariser(weight).add(back.regulariser(weight)), 2);
        }
    }

    /**
     * @param firstLocations of the 5→5 antecedents in the first view, N numbers of positions of the map, row by row
     * @param secondLocations the same in the second view
     */
    static AmdimLoss of(
            Features first, Features second, int[] firstLocations, int[] secondLocations, AmdimConfig config) {
        return new AmdimLoss(
                new Scale(
                        Direction.of(first.components(), second.five(), config),
                        Direction.of(second.components(), first.five(), config)),
                new Scale(
                        Direction.of(first.components(), second.seven(), config),
                        Direction.of(second.components(), first.seven(), config)),
                new Scale(
                        Direction.of(pick(first.five(), firstLocations), second.five(), config),
                        Direction.of(pick(second.five(), secondLocations), first.five(), config)));
    }

    /** What a step makes small, scalar. */
    NDArray total(double weight) {
        return contrast().add(regulariser(weight));
    }

    /** The three scales' losses, without the regulariser. */
    NDArray contrast() {
        return oneToFive.loss().add(oneToSeven.loss()).add(fiveToFive.loss());
    }

    NDArray regulariser(double weight) {
        return Stream.of(oneToFive, oneToSeven, fiveToFive)
                .map(scale -> scale.regulariser(weight))
                .reduce(NDArray::add)
                .orElseThrow();
    }

    // one location of each image, by a product with rows of zeros and a 1: N×D×H×W → N×1×D
    private static NDArray pick(NDArray map, int[] locations) {
        NDManager scope = map.getManager();
        int images = locations.length;
        long length = map.getShape().get(1);
        NDArray places = map.transpose(0, 2, 3, 1).reshape(images, -1, length); // N×L×D
        int count = Math.toIntExact(places.getShape().get(1));
        float[] choice = new float[images * count];
        for (int image = 0; image < images; image++) {
            choice[image * count + locations[image]] = 1;
        }
        return scope.create(choice, new Shape(images, 1, count)).matMul(places);
    }
}
