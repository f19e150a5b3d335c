package org.millrace.encoder.network;

/** One image's features at side×side positions in plain Java: channels × rows × columns. */
@SuppressWarnings("ArrayRecordComponent")
record PlainMap(int channels, int side, double[] values) {
    PlainMap(int channels, int side) {
        this(channels, side, new double[channels * side * side]);
    }

    double at(int channel, int row, int column) {
        return values[(channel * side + row) * side + column];
    }

    void put(int channel, int row, int column, double value) {
        values[(channel * side + row) * side + column] = value;
    }
}
