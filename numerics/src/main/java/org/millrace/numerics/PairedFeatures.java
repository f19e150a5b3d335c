package org.millrace.numerics;

import static org.millrace.contract.Check.check;

import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;

/**
 * The same images' features in two spaces, X: N×D and Y: N×D′, and the affine maps from the first to the second that fit them best. All
 * maps take the mean of X to that of Y; what they do to Xc = X − x̄ and Yc = Y − ȳ is theirs. Immutable.
 */
public final class PairedFeatures {
    private final Centred x;
    private final Centred y;
    private final DMatrixRMaj gram; // XcᵀXc, D×D
    private final DMatrixRMaj moments; // XcᵀYc, D×D′

    private PairedFeatures(Centred x, Centred y) {
        this.x = x;
        this.y = y;
        this.gram = Products.transposed(x.matrix(), x.matrix());
        this.moments = Products.transposed(x.matrix(), y.matrix());
    }

    /** Throws {@link IllegalArgumentException} where the rows are not equally many, fewer than 2 or not finite, or do not vary. */
    public static PairedFeatures of(FeatureMatrix x, FeatureMatrix y) {
        Samples.requirePaired(x, y, 2, "a map between feature spaces");
        PairedFeatures paired = new PairedFeatures(Centred.of(x), Centred.of(y));
        check(
                !paired.x.isConstant() && !paired.y.isConstant(),
                "features of all images are the same in %s of the two spaces",
                paired.x.isConstant() ? "the first" : "the second");
        return paired;
    }

    /** D. */
    public int inputs() {
        return gram.numCols;
    }

    /**
     * The similarity that fits best (Schönemann and Carroll 1970): sR, with XcᵀYc = UΣVᵀ, the orthogonal R = UVᵀ and the scale s = tr Σ /
     * ‖Xc‖². Only where D = D′.
     */
    public AffineMap similarity() {
        return map(scaledRotation());
    }

    /**
     * Ridge regression (Hoerl and Kennard 1970), W = (XcᵀXc + λI)⁻¹XcᵀYc.
     *
     * @param share λ in mean eigenvalues of XcᵀXc, more than 0
     */
    public AffineMap ridge(double share) {
        return map(solver(share).solve(moments));
    }

    /**
     * Ridge regression that shrinks towards the similarity sR instead of towards 0: sR + (XcᵀXc + λI)⁻¹(XcᵀYc − XcᵀXc·sR). Only where D = D′.
     *
     * @param share λ in mean eigenvalues of XcᵀXc, more than 0
     */
    public AffineMap ridgeAroundSimilarity(double share) {
        DMatrixRMaj rotation = scaledRotation();
        DMatrixRMaj residual = CommonOps_DDRM.subtract(moments, CommonOps_DDRM.mult(gram, rotation, null), null);
        return map(CommonOps_DDRM.add(rotation, solver(share).solve(residual), null));
    }

    private DMatrixRMaj scaledRotation() {
        check(
                gram.numCols == moments.numCols,
                "a rotation needs equally wide features, but got %d columns and %d",
                gram.numCols,
                moments.numCols);
        var svd = Decompositions.singularVectors(moments);
        DMatrixRMaj rotation = CommonOps_DDRM.mult(svd.u(), svd.vTransposed(), null);
        CommonOps_DDRM.scale(svd.nuclearNorm() / Products.squaredNorm(x.matrix()), rotation);
        return rotation;
    }

    private PositiveDefinite solver(double share) {
        check(share > 0, "the ridge must be positive, but was %s", share);
        return PositiveDefinite.ofRidge(gram.copy(), share * CommonOps_DDRM.trace(gram) / gram.numCols);
    }

    /** y = ȳ + (x − x̄)W, with the means folded into the offset. */
    private AffineMap map(DMatrixRMaj w) {
        DMatrixRMaj moved = CommonOps_DDRM.mult(DMatrixRMaj.wrap(1, w.numRows, x.mean()), w, null);
        float[] offset = new float[w.numCols];
        for (int j = 0; j < offset.length; j++) {
            offset[j] = (float) (y.mean()[j] - moved.data[j]);
        }
        float[] weights = new float[w.data.length];
        for (int i = 0; i < weights.length; i++) {
            weights[i] = (float) w.data[i];
        }
        return new AffineMap(w.numRows, w.numCols, weights, offset);
    }
}
