package org.millrace.evaluator.score;

/** The k nearest rows of a bank for each of N queries, best first. Nobody writes to it; safe for many readers. */
public final class Neighbours {
    final int k;
    final int[] indices; // N×k
    final double[] similarities; // N×k, cosines

    Neighbours(int k, int[] indices, double[] similarities) {
        this.k = k;
        this.indices = indices;
        this.similarities = similarities;
    }

    /**
     * The class with the most votes for each query, of equal ones the first: a neighbour votes exp(cosine / t) for its class (Wu
     * et al. 2018, §3.4).
     */
    int[] predict(int[] bankLabels, int classes, double temperature) {
        double[] votes = votes(bankLabels, classes, temperature);
        int[] predictions = new int[indices.length / k];
        for (int query = 0; query < predictions.length; query++) {
            predictions[query] = LinearClassifier.argMax(votes, query * classes, classes);
        }
        return predictions;
    }

    /** Sums of votes, N×C, in units of the nearest neighbour's vote, so that no temperature can overflow them. */
    public double[] votes(int[] bankLabels, int classes, double temperature) {
        int queries = indices.length / k;
        double[] votes = new double[Math.multiplyExact(queries, classes)];
        for (int query = 0; query < queries; query++) {
            double nearest = similarities[query * k];
            for (int i = query * k; i < (query + 1) * k; i++) {
                votes[query * classes + bankLabels[indices[i]]] += Math.exp((similarities[i] - nearest) / temperature);
            }
        }
        return votes;
    }
}
