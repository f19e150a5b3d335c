package org.millrace.evaluator.metric;

import org.millrace.numerics.FeatureMatrix;
import org.millrace.numerics.Rows;

/** What makes rows near: larger is nearer. */
enum Similarity {
    COSINE {
        @Override
        FeatureMatrix prepare(FeatureMatrix features) {
            return Rows.unit(features);
        }

        @Override
        double of(FeatureMatrix prepared, int i, int j) {
            return Rows.dot(prepared, i, prepared, j);
        }
    },
    EUCLIDEAN {
        @Override
        FeatureMatrix prepare(FeatureMatrix features) {
            return features;
        }

        @Override
        double of(FeatureMatrix prepared, int i, int j) {
            return -Rows.squaredDistance(prepared, i, prepared, j);
        }
    };

    abstract FeatureMatrix prepare(FeatureMatrix features);

    abstract double of(FeatureMatrix prepared, int i, int j);
}
