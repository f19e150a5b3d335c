package org.millrace.evaluator.score;

import static org.millrace.contract.Check.check;

import java.util.Arrays;
import org.millrace.numerics.FeatureMatrix;

/**
 * Multinomial logistic regression, J(W, b) = 1/N Σ CE(softmax(xWᵀ + b), y) + λ/2 ‖W‖², with a free bias: the convex probe of
 * Kornblith et al. 2019 and SimCLR (Chen et al. 2020, B.8).
 *
 * <p>Parameters travel as one array: W as C×D row-major, then b. The sums over the rows are made in a fixed number of blocks and
 * added up in order, so that the result does not depend on the number of threads. Not thread safe.
 */
final class LogisticRegression implements Lbfgs.Objective {
    private static final int BLOCKS = 8;

    private final FeatureMatrix features; // N×D
    private final int[] labels; // N
    private final int classes; // C
    private final double l2; // λ
    private final Workers workers;
    private final double[][] blockGradients;
    private final double[] blockLosses = new double[BLOCKS];

    LogisticRegression(LabelledFeatures examples, int classes, double l2, Workers workers) {
        check(examples.size() >= 1, "logistic regression needs at least 1 example, but had none");
        check(classes >= 2, "logistic regression needs at least 2 classes, but had %d", classes);
        check(l2 >= 0, "l2 must not be negative, but was %s", l2);
        this.features = examples.features();
        this.labels = examples.labels();
        this.classes = classes;
        this.l2 = l2;
        this.workers = workers;
        this.blockGradients = new double[BLOCKS][parameters()];
    }

    /** Length of the array of parameters, C·D + C. */
    int parameters() {
        return Math.multiplyExact(classes, features.columns() + 1);
    }

    Lbfgs.Solution fit(double[] start, double tolerance, int maxIterations) {
        Preconditioner preconditioner = Preconditioner.of(features, classes, l2);
        return Lbfgs.minimise(this, preconditioner, start, tolerance, maxIterations);
    }

    @Override
    public double valueAndGradient(double[] parameters, double[] gradient) {
        int rows = features.rows();
        workers.forEach(BLOCKS, block -> {
            int from = (int) ((long) rows * block / BLOCKS);
            int to = (int) ((long) rows * (block + 1) / BLOCKS);
            Arrays.fill(blockGradients[block], 0);
            blockLosses[block] = addGradient(parameters, from, to, blockGradients[block]);
        });
        double loss = 0;
        Arrays.fill(gradient, 0);
        for (int block = 0; block < BLOCKS; block++) {
            loss += blockLosses[block];
            double[] part = blockGradients[block];
            for (int i = 0; i < gradient.length; i++) {
                gradient[i] += part[i];
            }
        }
        for (int i = 0; i < gradient.length; i++) {
            gradient[i] /= rows;
        }
        double squares = 0;
        for (int i = 0; i < classes * features.columns(); i++) {
            squares += parameters[i] * parameters[i];
            gradient[i] += l2 * parameters[i];
        }
        return loss / rows + l2 / 2 * squares;
    }

    /** Sum of the cross-entropies of the rows; adds their gradient. Takes the rows by four, the last one again to fill up. */
    private double addGradient(double[] parameters, int from, int to, double[] gradient) {
        int columns = features.columns();
        double[] x = features.values();
        double[] residuals = new double[4 * classes]; // 4×C: logits, then softmax − one-hot
        double loss = 0;
        for (int row = from; row < to; row += 4) {
            int x0 = row * columns;
            int x1 = Math.min(row + 1, to - 1) * columns;
            int x2 = Math.min(row + 2, to - 1) * columns;
            int x3 = Math.min(row + 3, to - 1) * columns;
            LinearClassifier.logits(parameters, classes, columns, x, x0, x1, x2, x3, residuals);
            for (int i = 0; i < 4; i++) {
                if (row + i < to) {
                    loss += toResidual(residuals, i * classes, labels[row + i]);
                } else {
                    Arrays.fill(residuals, i * classes, (i + 1) * classes, 0);
                }
            }
            addOuterProducts(residuals, x, x0, x1, x2, x3, gradient);
        }
        return loss;
    }

    /** Turns the logits of one row into softmax − one-hot in place; the cross-entropy of the row. */
    private double toResidual(double[] logits, int from, int label) {
        double target = logits[from + label];
        double logSum = LinearClassifier.softmax(logits, from, classes);
        logits[from + label] -= 1;
        return logSum - target;
    }

    private void addOuterProducts(double[] r, double[] x, int x0, int x1, int x2, int x3, double[] gradient) {
        int columns = features.columns();
        for (int c = 0; c < classes; c++) {
            double r0 = r[c];
            double r1 = r[classes + c];
            double r2 = r[2 * classes + c];
            double r3 = r[3 * classes + c];
            int g = c * columns;
            for (int d = 0; d < columns; d++) {
                gradient[g + d] += r0 * x[x0 + d] + r1 * x[x1 + d] + r2 * x[x2 + d] + r3 * x[x3 + d];
            }
            gradient[classes * columns + c] += r0 + r1 + r2 + r3;
        }
    }
}
