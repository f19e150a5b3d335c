package org.millrace.trainer.view;

/** Positions outside a row, reflected into it at its edge pixels, which are not repeated: … 2 1 0 1 2 … */
final class Mirror {
    private Mirror() {}

    /** The position inside [0, size) that stands for one less than {@code size} outside it. */
    static int inside(int position, int size) {
        if (position < 0) {
            return -position;
        }
        return position < size ? position : 2 * (size - 1) - position;
    }
}
