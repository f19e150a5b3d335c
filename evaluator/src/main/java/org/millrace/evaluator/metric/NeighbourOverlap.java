package org.millrace.evaluator.metric;

import static org.millrace.contract.Check.check;

import java.util.Arrays;

/** How many of its k nearest neighbours each image keeps from one representation to another (Wang et al. 2020). */
final class NeighbourOverlap {
    private final int k;
    private final int[] shared; // of each image

    private NeighbourOverlap(int k, int[] shared) {
        this.k = k;
        this.shared = shared;
    }

    static NeighbourOverlap of(NeighbourLists old, NeighbourLists fresh) {
        check(
                old.k() == fresh.k() && old.rows() == fresh.rows(),
                "neighbour lists must be of the same images and k, but were %d×%d and %d×%d",
                old.rows(),
                old.k(),
                fresh.rows(),
                fresh.k());
        int k = old.k();
        int[] shared = new int[old.rows()];
        int[] listedBy = new int[shared.length]; // 1 + the last image whose old list has the row
        for (int i = 0; i < shared.length; i++) {
            for (int n = i * k; n < (i + 1) * k; n++) {
                listedBy[old.indices()[n]] = i + 1;
            }
            for (int n = i * k; n < (i + 1) * k; n++) {
                shared[i] += listedBy[fresh.indices()[n]] == i + 1 ? 1 : 0;
            }
        }
        return new NeighbourOverlap(k, shared);
    }

    /** |A ∩ B| of each image. */
    int[] shared() {
        return shared.clone();
    }

    /** Mean of |A ∩ B| / k. */
    double meanOverlap() {
        return Arrays.stream(shared).average().orElseThrow() / k;
    }

    /** Share of neighbours that are new: 1 − the mean overlap. */
    double churn() {
        return 1 - meanOverlap();
    }
}
