package org.millrace.evaluator.metric;

import java.util.OptionalDouble;
import org.ejml.data.DMatrixRMaj;
import org.millrace.numerics.Centred;
import org.millrace.numerics.FeatureMatrix;
import org.millrace.numerics.Products;
import org.millrace.numerics.Samples;

/**
 * Linear CKA (Kornblith et al. 2019): how alike two representations of the same images are, whatever the rotation and scale. 1 is
 * the same; empty where one of them does not vary.
 *
 * <p>The biased form is far above 0 even for independent features (.83 at 512 dimensions and 100 images): report the debiased one.
 */
final class LinearCka {
    private static final int LEAST_ROWS = 4;

    private LinearCka() {}

    /** From the unbiased HSIC (Song et al. 2012, eq. 5): about 0 for independent features, at times a little under it. */
    static OptionalDouble debiased(FeatureMatrix x, FeatureMatrix y) {
        Samples.requirePaired(x, y, LEAST_ROWS, "debiased CKA");
        Centred centredX = Centred.of(x);
        Centred centredY = Centred.of(y);
        if (centredX.isConstant() || centredY.isConstant()) {
            return OptionalDouble.empty();
        }
        double xx = unbiasedHsic(centredX, centredX);
        double yy = unbiasedHsic(centredY, centredY);
        return xx > 0 && yy > 0
                ? OptionalDouble.of(unbiasedHsic(centredX, centredY) / Math.sqrt(xx * yy))
                : OptionalDouble.empty();
    }

    /** ‖YᵀX‖²_F / (‖XᵀX‖_F ‖YᵀY‖_F) of centred X and Y; in [0, 1]. */
    static OptionalDouble biased(FeatureMatrix x, FeatureMatrix y) {
        Samples.requirePaired(x, y, 2, "CKA");
        Centred centredX = Centred.of(x);
        Centred centredY = Centred.of(y);
        return centredX.isConstant() || centredY.isConstant()
                ? OptionalDouble.empty()
                : OptionalDouble.of(normalised(centredX.matrix(), centredY.matrix()));
    }

    static double normalised(DMatrixRMaj x, DMatrixRMaj y) {
        return squaredNorm(x, y) / Math.sqrt(squaredNorm(x, x) * squaredNorm(y, y));
    }

    /**
     * [tr(KL) + 1ᵀK1·1ᵀL1 / ((n−1)(n−2)) − 2/(n−2)·1ᵀKL1] / (n(n−3)) of K = XXᵀ and L = YYᵀ with zero diagonals.
     *
     * <p>It does not change when X and Y are centred; then the rows of the whole XXᵀ sum to 0, so those of K to −k with the
     * diagonal k, and nothing N×N is needed: tr(KL) = ‖XᵀY‖² − kᵀl, 1ᵀK1 = −Σk, 1ᵀKL1 = kᵀl.
     */
    static double unbiasedHsic(Centred x, Centred y) {
        double[] k = squaredLengths(x.matrix());
        double[] l = squaredLengths(y.matrix());
        double sumK = 0;
        double sumL = 0;
        double products = 0;
        for (int i = 0; i < k.length; i++) {
            sumK += k[i];
            sumL += l[i];
            products += k[i] * l[i];
        }
        double n = k.length;
        double trace = squaredNorm(x.matrix(), y.matrix()) - products;
        return (trace + sumK * sumL / ((n - 1) * (n - 2)) - 2 / (n - 2) * products) / (n * (n - 3));
    }

    private static double squaredNorm(DMatrixRMaj x, DMatrixRMaj y) {
        return Products.squaredNorm(Products.transposed(x, y));
    }

    private static double[] squaredLengths(DMatrixRMaj x) {
        double[] lengths = new double[x.numRows];
        for (int i = 0; i < x.data.length; i++) {
            lengths[i / x.numCols] += x.data[i] * x.data[i];
        }
        return lengths;
    }
}
