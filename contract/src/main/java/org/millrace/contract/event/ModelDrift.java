package org.millrace.contract.event;

import static org.millrace.contract.Check.check;

import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * How differently an encoder sees the same anchor images than earlier encoders of its run did: a change of the model, since the images
 * are the same.
 *
 * @param anchors images compared
 * @param neighbours k of the churn
 */
public record ModelDrift(int anchors, int neighbours, List<Against> against) {
    public ModelDrift {
        check(anchors >= 1, "anchors must be at least 1, but were %d", anchors);
        against = List.copyOf(against);
    }

    /** Which earlier encoder; several roles may be one encoder's. */
    public enum Role {
        /** The one scored before. */
        PREVIOUS,
        /** The newest before it that is not held, which may be the previous one too. */
        CURRENT,
        /** The one that the configuration names. */
        PINNED,
        /** The first one of the run that was scored. */
        FIRST
    }

    /** The comparison with the encoder of that role, if there was one. */
    public Optional<Against> against(Role role) {
        return against.stream().filter(each -> each.role() == role).findFirst();
    }

    /**
     * One comparison.
     *
     * @param cka debiased linear CKA (Kornblith et al. 2019): 1 is the same up to rotation and scale, about 0 is unrelated; absent where
     *     one of the two does not vary
     * @param procrustes orthogonal Procrustes distance of centred features of norm 1, in [0, 2]; absent likewise
     * @param churn share of an anchor's k nearest anchors, by cosine, that are new, in [0, 1]
     */
    public record Against(Role role, long version, OptionalDouble cka, OptionalDouble procrustes, double churn) {
        public Against {
            check(version >= 0, "version must not be negative, but was %d", version);
            check(churn >= 0 && churn <= 1, "churn must be in [0, 1], but was %s", churn);
        }
    }
}
