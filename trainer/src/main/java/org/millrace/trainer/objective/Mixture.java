package org.millrace.trainer.objective;

import ai.djl.ndarray.NDArray;
import org.millrace.encoder.tensor.Scaled;

/**
 * AMDIM's objective where an image has several antecedents (Bachman et al. 2019, section 3.5, eqs. 6 and 7): for each location the
 * posterior q = softmax_j(τ·s_j) over them, a constant for the gradient, and the objective Σ_j q_j·s_j + H(q)/τ, which that q
 * maximises. With one antecedent q is 1 and the objective its score.
 *
 * @param posterior q, N×k×L
 * @param entropy H(q), N×L
 * @param expectedScore mean of Σ_j q_j·s_j over images and locations, scalar
 */
record Mixture(NDArray posterior, NDArray entropy, NDArray expectedScore, double temperature) {
    /** @param nce s, N×k×L */
    static Mixture of(NDArray nce, double temperature) {
        NDArray logPosterior = Scaled.times(nce.stopGradient(), temperature).logSoftmax(1); // N×k×L
        NDArray posterior = logPosterior.exp(); // N×k×L
        NDArray entropy = posterior.mul(logPosterior).sum(new int[] {1}).neg(); // N×L
        NDArray expectedScore = posterior.mul(nce).sum(new int[] {1}).mean();
        return new Mixture(posterior, entropy, expectedScore, temperature);
    }

    NDArray meanEntropy() {
        return entropy.mean();
    }

    /** What a step makes small: the objective's negative, scalar. */
    NDArray loss() {
        return expectedScore.add(Scaled.over(meanEntropy(), temperature)).neg();
    }
}
