package org.millrace.trainer.stream;

import static org.millrace.contract.Check.check;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.millrace.numerics.VectorColumns;

/**
 * Which of many unit vectors is nearest to another one: the choice of MinRed (Purushwalkam, Morgado, Gupta 2022, arXiv:2203.12710,
 * eq. 3), argmin_i min_{j≠i} (1 − cos(z_i, z_j)). The closest pair is always a tie between its two; the older one is chosen. Not thread
 * safe.
 *
 * <p>Each vector remembers its nearest neighbour, so adding one costs as many products as there are vectors. When that neighbour goes,
 * its similarity remains as an upper bound, and the exact one is computed only where the bound is the highest of all: what is chosen
 * depends on the vectors alone.
 */
final class Redundancy {
    private final List<Node> nodes = new ArrayList<>(); // by id
    private @Nullable VectorColumns columns;

    private static final class Node {
        private final long id;
        private final float[] vector;
        private final int place; // among the columns
        private float similarity = Float.NEGATIVE_INFINITY; // to the nearest other, or more where not exact
        private boolean exact = true;
        private @Nullable Node nearest;

        Node(long id, float[] vector, int place) {
            this.id = id;
            this.vector = vector;
            this.place = place;
        }

        void see(Node other, float similarityToOther) {
            if (similarityToOther >= similarity) {
                similarity = similarityToOther;
                nearest = other;
                exact = true;
            }
        }
    }

    int size() {
        return nodes.size();
    }

    /** Adds a unit vector, C, or replaces the one of that id. A lower id is older. The array must not change. */
    void put(long id, float[] vector) {
        int at = find(id);
        if (at >= 0) {
            if (nodes.get(at).vector == vector) {
                return;
            }
            remove(id);
        } else {
            at = -1 - at;
        }
        VectorColumns all = columns(vector.length);
        float[] similarities = all.products(vector);
        Node added = new Node(id, vector, all.add(vector));
        for (Node other : nodes) {
            added.see(other, similarities[other.place]);
            other.see(added, similarities[other.place]);
        }
        nodes.add(at, added);
    }

    /** Removes the vector of that id, if there is one. */
    void remove(long id) {
        int at = find(id);
        if (at >= 0) {
            Node gone = nodes.remove(at);
            columns(gone.vector.length).remove(gone.place);
            for (Node other : nodes) {
                if (other.nearest == gone) {
                    other.exact = false;
                    other.nearest = null;
                }
            }
        }
    }

    /** The id of the vector that is most similar to another one, the older of the two. */
    long mostRedundant() {
        return closest().id;
    }

    void clear() {
        nodes.clear();
        columns = null;
    }

    private Node closest() {
        check(!nodes.isEmpty(), "there must be a vector to choose");
        Node highest = highest();
        while (!highest.exact) {
            compute(highest);
            highest = highest();
        }
        return highest;
    }

    private Node highest() {
        Node highest = nodes.get(0);
        for (Node node : nodes) {
            if (node.similarity > highest.similarity) {
                highest = node;
            }
        }
        return highest;
    }

    private void compute(Node node) {
        node.similarity = Float.NEGATIVE_INFINITY;
        node.exact = true;
        float[] similarities = columns(node.vector.length).products(node.vector);
        for (Node other : nodes) {
            if (other != node) {
                node.see(other, similarities[other.place]);
            }
        }
    }

    private VectorColumns columns(int dimension) {
        VectorColumns known = columns;
        if (known == null) {
            known = new VectorColumns(dimension);
            columns = known;
        }
        return known;
    }

    // place of an id, or −1 − the place where it belongs
    private int find(long id) {
        int low = 0;
        int high = nodes.size() - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            long found = nodes.get(middle).id;
            if (found == id) {
                return middle;
            }
            if (found < id) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return -1 - low;
    }
}
