package org.millrace.trainer.health;

import static org.millrace.contract.Check.check;

import org.millrace.contract.event.Health;

/**
 * Sees between two published encoders that a run collapses: its projections then have one direction, whatever the image. Its measure is
 * that of {@link Health}, of a batch's projections instead of the encoder's features. Not thread safe.
 */
public final class CollapseWatch {
    private int collapsedSteps;

    /**
     * The mean over C dimensions of the standard deviation over the batch, in units of 1/√C, in [0, 1].
     *
     * @param unitRows N×C row by row, each of length 1
     */
    public static double spread(float[] unitRows, int images) {
        check(images >= 1 && unitRows.length % images == 0, "%d numbers are no %d rows", unitRows.length, images);
        int columns = unitRows.length / images;
        double sum = 0;
        for (int column = 0; column < columns; column++) {
            double mean = 0;
            for (int row = 0; row < images; row++) {
                mean += unitRows[row * columns + column] / (double) images;
            }
            double squares = 0;
            for (int row = 0; row < images; row++) {
                double difference = unitRows[row * columns + column] - mean;
                squares += difference * difference;
            }
            sum += Math.sqrt(squares / images);
        }
        return sum / Math.sqrt(columns);
    }

    /** Takes the spread of the next step, and returns how many in a row were collapsed now. */
    public int after(double spread) {
        collapsedSteps = spread < Health.COLLAPSED_SPREAD ? collapsedSteps + 1 : 0;
        return collapsedSteps;
    }
}
