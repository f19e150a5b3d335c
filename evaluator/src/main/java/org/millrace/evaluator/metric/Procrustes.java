package org.millrace.evaluator.metric;

import java.util.OptionalDouble;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.millrace.numerics.Centred;
import org.millrace.numerics.Decompositions;
import org.millrace.numerics.FeatureMatrix;
import org.millrace.numerics.Products;
import org.millrace.numerics.Samples;

/**
 * How far two representations A and B of the same images are apart after the best rotation or reflection of B onto A, both centred
 * (Ding et al. 2021, §3).
 *
 * @param squaredNormA ‖A‖²_F, centred
 * @param squaredNormB ‖B‖²_F, centred
 * @param nuclearNorm ‖AᵀB‖_*, centred
 * @param rotation R, D×D, that minimises ‖BR − A‖_F
 * @param constant whether A or B does not vary
 */
record Procrustes(
        double squaredNormA, double squaredNormB, double nuclearNorm, DMatrixRMaj rotation, boolean constant) {
    static Procrustes of(FeatureMatrix a, FeatureMatrix b) {
        Samples.requirePaired(a, b, 2, "the Procrustes distance");
        Samples.requireSameWidth(a, b, "the Procrustes distance");
        Centred centredA = Centred.of(a);
        Centred centredB = Centred.of(b);
        var svd =
                Decompositions.singularVectors(Products.transposed(centredB.matrix(), centredA.matrix())); // BᵀA = UΣVᵀ
        DMatrixRMaj rotation = CommonOps_DDRM.mult(svd.u(), svd.vTransposed(), null);
        return new Procrustes(
                Products.squaredNorm(centredA.matrix()),
                Products.squaredNorm(centredB.matrix()),
                svd.nuclearNorm(),
                rotation,
                centredA.isConstant() || centredB.isConstant());
    }

    /** ‖A‖² + ‖B‖² − 2‖AᵀB‖_* of A and B scaled to norm 1, in [0, 2]; empty where one of them does not vary. */
    OptionalDouble distance() {
        return constant ? OptionalDouble.empty() : OptionalDouble.of(Math.max(0, 2 - 2 * correlation()));
    }

    private double correlation() {
        return nuclearNorm / Math.sqrt(squaredNormA * squaredNormB);
    }
}
