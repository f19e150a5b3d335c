package org.millrace.evaluator.score;

/** The last m pairs (s, y) of moves and changes of the gradient, which stand for the inverse Hessian. Not thread safe. */
final class Curvature {
    private final double[][] moves; // s
    private final double[][] changes; // y
    private final double[] inverses; // ρ = 1 / sᵀy
    private final double[] weights; // α of the two-loop recursion
    private final Preconditioner preconditioner; // M
    private final double[] scratch;
    private int newest = -1;
    private int size;

    Curvature(int memory, int length, Preconditioner preconditioner) {
        this.moves = new double[memory][length];
        this.changes = new double[memory][length];
        this.inverses = new double[memory];
        this.weights = new double[memory];
        this.preconditioner = preconditioner;
        this.scratch = new double[length];
    }

    boolean isEmpty() {
        return size == 0;
    }

    void clear() {
        size = 0;
    }

    /** Remembers a move over the oldest one; one without positive curvature is left out. */
    void add(double[] from, double[] to, double[] gradientFrom, double[] gradientTo) {
        int slot = (newest + 1) % moves.length;
        double[] s = moves[slot];
        double[] y = changes[slot];
        for (int i = 0; i < s.length; i++) {
            s[i] = to[i] - from[i];
            y[i] = gradientTo[i] - gradientFrom[i];
        }
        double product = Lbfgs.dot(s, y);
        if (product > 0) {
            inverses[slot] = 1 / product;
            newest = slot;
            size = Math.min(size + 1, moves.length);
        } else {
            size = Math.min(size, moves.length - 1); // the slot of the oldest pair was written over
        }
    }

    /** Writes −H·gradient over {@code direction}: the two-loop recursion from γM, where γ = sᵀy / yᵀMy of the newest pair. */
    void direction(double[] gradient, double[] direction) {
        for (int i = 0; i < gradient.length; i++) {
            direction[i] = -gradient[i];
        }
        for (int age = 0; age < size; age++) {
            int slot = slot(age);
            weights[slot] = inverses[slot] * Lbfgs.dot(moves[slot], direction);
            addScaled(-weights[slot], changes[slot], direction);
        }
        preconditioner.apply(direction);
        if (size > 0) {
            double[] y = changes[newest];
            System.arraycopy(y, 0, scratch, 0, y.length);
            preconditioner.apply(scratch);
            double scale = 1 / (inverses[newest] * Lbfgs.dot(y, scratch));
            for (int i = 0; i < direction.length; i++) {
                direction[i] *= scale;
            }
        }
        for (int age = size - 1; age >= 0; age--) {
            int slot = slot(age);
            double correction = inverses[slot] * Lbfgs.dot(changes[slot], direction);
            addScaled(weights[slot] - correction, moves[slot], direction);
        }
    }

    private int slot(int age) {
        return Math.floorMod(newest - age, moves.length);
    }

    private static void addScaled(double factor, double[] from, double[] to) {
        for (int i = 0; i < to.length; i++) {
            to[i] += factor * from[i];
        }
    }
}
