package org.millrace.evaluator.drift;

import static org.millrace.contract.Check.check;

import org.ejml.data.DMatrixRMaj;
import org.millrace.evaluator.matrix.Products;
import org.millrace.evaluator.matrix.Samples;
import org.millrace.evaluator.score.FeatureMatrix;

/**
 * n, Σx and Σxxᵀ of features: what a window of a stream is added up from, batch by batch, in any order, without keeping the features.
 * Covariances lose digits where the mean is large beside the spread: about 2·log₁₀(‖μ‖/σ) of 15. Not thread safe.
 */
final class FeatureSums {
    private final int dimension;
    private final double[] sum; // D
    private final double[] products; // D×D
    private long count;

    FeatureSums(int dimension) {
        this.dimension = dimension;
        this.sum = new double[dimension];
        this.products = new double[dimension * dimension];
    }

    static FeatureSums of(FeatureMatrix batch) {
        Samples.require(batch, 1, "the sums of features");
        FeatureSums sums = new FeatureSums(batch.columns());
        DMatrixRMaj rows = DMatrixRMaj.wrap(batch.rows(), batch.columns(), batch.values());
        System.arraycopy(Products.transposed(rows, rows).data, 0, sums.products, 0, sums.products.length);
        for (int row = 0; row < batch.rows(); row++) {
            for (int column = 0; column < batch.columns(); column++) {
                sums.sum[column] += batch.values()[row * batch.columns() + column];
            }
        }
        sums.count = batch.rows();
        return sums;
    }

    void add(FeatureSums other) {
        check(
                other.dimension == dimension,
                "sums of %d dimensions cannot take those of %d",
                dimension,
                other.dimension);
        count += other.count;
        for (int i = 0; i < sum.length; i++) {
            sum[i] += other.sum[i];
        }
        for (int i = 0; i < products.length; i++) {
            products[i] += other.products[i];
        }
    }

    long count() {
        return count;
    }

    /** With mean Σx/n and covariance (Σxxᵀ − nμμᵀ) / (n − 1). Throws for under 2 features. */
    Gaussian gaussian() {
        check(count >= 2, "a covariance needs at least 2 features, but there are %d", count);
        DMatrixRMaj mean = new DMatrixRMaj(dimension, 1);
        for (int i = 0; i < dimension; i++) {
            mean.data[i] = sum[i] / count;
        }
        DMatrixRMaj covariance = new DMatrixRMaj(dimension, dimension);
        for (int i = 0; i < dimension; i++) {
            for (int j = 0; j < dimension; j++) {
                covariance.data[i * dimension + j] =
                        (products[i * dimension + j] - count * mean.data[i] * mean.data[j]) / (count - 1.0);
            }
        }
        return new Gaussian(mean, covariance);
    }
}
