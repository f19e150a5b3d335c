package org.millrace.evaluator.drift.stream;

import static org.millrace.contract.Check.check;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Function;
import org.millrace.numerics.FeatureMatrix;

/**
 * Features of the images that fell into a window, of one frozen encoder, and where they are known of the present one too: all images are
 * counted, and of more than {@code capacity} those with the lowest ranks are kept. Ranks are random and belong to the images, so that what
 * is kept is a uniform sample that does not depend on order, batches or restarts. Immutable.
 *
 * @param encoderVersion of the frozen encoder
 * @param presentVersion of the present encoder, −1 where its features are not known
 * @param seen images counted
 * @param rows kept, by rank
 */
record SampledRows(long encoderVersion, long presentVersion, int capacity, long seen, List<Row> rows) {
    private static final float[] NOT_KNOWN = {};
    /** The largest usable feature: its fourth power, as in products of covariances, is a double. */
    private static final float LARGEST = 0x1p50f;

    private static final int LEAST_ROW_BYTES = Long.BYTES + 2 * Integer.BYTES;

    SampledRows {
        check(capacity >= 0, "capacity must not be negative, but was %d", capacity);
        check(seen >= rows.size(), "of %d images there are %d rows", seen, rows.size());
        int columns = rows.isEmpty() ? 0 : rows.get(0).features.length;
        for (Row row : rows) {
            check(
                    row.features.length == columns && columns > 0,
                    "features of %d and %d numbers do not mix",
                    columns,
                    row.features.length);
        }
        rows = List.copyOf(rows);
    }

    /**
     * One image's features, float32; the arrays must not be changed.
     *
     * @param present under the present encoder; empty where they are not known
     */
    @SuppressWarnings("ArrayRecordComponent")
    record Row(long rank, float[] features, float[] present) {
        Row(long rank, float[] features) {
            this(rank, features, NOT_KNOWN);
        }
    }

    static SampledRows none(long encoderVersion, int capacity) {
        return new SampledRows(encoderVersion, -1, capacity, 0, List.of());
    }

    /** Length of a feature vector; 0 where there are no rows. */
    int columns() {
        return rows.isEmpty() ? 0 : rows.get(0).features.length;
    }

    /** Whether {@link #with} accepts the other: one encoder, and one width where both have rows. */
    boolean mixesWith(SampledRows other) {
        return other.encoderVersion == encoderVersion
                && (rows.isEmpty() || other.rows.isEmpty() || columns() == other.columns());
    }

    /** Without the rows whose features are not usable numbers; features under the present encoder likewise. */
    SampledRows finite() {
        List<Row> kept = rows.stream()
                .filter(row -> isFinite(row.features))
                .map(row -> isFinite(row.present) ? row : new Row(row.rank, row.features))
                .toList();
        return new SampledRows(encoderVersion, presentVersion, capacity, seen, kept);
    }

    private static boolean isFinite(float[] values) {
        for (float value : values) {
            if (!(Math.abs(value) <= LARGEST)) {
                return false;
            }
        }
        return true;
    }

    /** Both together, in this one's capacity; of the features under present encoders those under the newer one. */
    SampledRows with(SampledRows other) {
        check(
                other.encoderVersion == encoderVersion,
                "features of encoder %d do not mix with those of encoder %d",
                other.encoderVersion,
                encoderVersion);
        long newest = Math.max(presentVersion, other.presentVersion);
        long both = seen > Long.MAX_VALUE - other.seen ? Long.MAX_VALUE : seen + other.seen;
        List<Row> all = new ArrayList<>(rowsUnder(newest));
        all.addAll(other.rowsUnder(newest));
        all.sort(Comparator.comparingLong(Row::rank));
        return new SampledRows(encoderVersion, newest, capacity, both, all.subList(0, Math.min(capacity, all.size())));
    }

    private List<Row> rowsUnder(long present) {
        return present == presentVersion
                ? rows
                : rows.stream().map(row -> new Row(row.rank, row.features)).toList();
    }

    /** N×D of the rows kept. */
    FeatureMatrix matrix() {
        return matrix(rows, Row::features);
    }

    /** The rows whose features are known under both encoders. */
    List<Row> pairs() {
        List<Row> known = rows.stream().filter(row -> row.present.length > 0).toList();
        return known.stream()
                .filter(row -> row.present.length == known.get(0).present.length)
                .toList();
    }

    /** N×D of some rows' features, at least one. */
    static FeatureMatrix matrix(List<Row> rows, Function<Row, float[]> features) {
        check(!rows.isEmpty(), "there are no features");
        int columns = features.apply(rows.get(0)).length;
        double[] values = new double[rows.size() * columns];
        for (int i = 0; i < rows.size(); i++) {
            float[] row = features.apply(rows.get(i));
            for (int j = 0; j < columns; j++) {
                values[i * columns + j] = row[j];
            }
        }
        return new FeatureMatrix(rows.size(), columns, values);
    }

    /** Versions, capacity, seen, number of rows, then each row's rank and features under both, each with their number; big-endian. */
    byte[] toBytes() {
        var bytes = new ByteArrayOutputStream();
        try (var out = new DataOutputStream(bytes)) {
            out.writeLong(encoderVersion);
            out.writeLong(presentVersion);
            out.writeInt(capacity);
            out.writeLong(seen);
            out.writeInt(rows.size());
            for (Row row : rows) {
                out.writeLong(row.rank());
                write(out, row.features());
                write(out, row.present());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    static SampledRows of(byte[] bytes) {
        try (var in = new DataInputStream(new ByteArrayInputStream(bytes))) {
            long version = in.readLong();
            long present = in.readLong();
            int capacity = in.readInt();
            long seen = in.readLong();
            int count = in.readInt();
            check(
                    count >= 0 && count <= in.available() / LEAST_ROW_BYTES,
                    "%d rows do not fit %d bytes",
                    count,
                    in.available());
            List<Row> rows = new ArrayList<>(count);
            for (int i = 0; i < count; i++) {
                rows.add(new Row(in.readLong(), read(in), read(in)));
            }
            check(in.available() == 0, "%d bytes are left behind the rows", in.available());
            return new SampledRows(version, present, capacity, seen, rows);
        } catch (IOException e) {
            throw new UncheckedIOException("these are no features: the bytes end early", e);
        }
    }

    private static void write(DataOutputStream out, float[] values) throws IOException {
        out.writeInt(values.length);
        for (float value : values) {
            out.writeFloat(value);
        }
    }

    private static float[] read(DataInputStream in) throws IOException {
        int length = in.readInt();
        check(
                length >= 0 && (long) length * Float.BYTES <= in.available(),
                "%d features do not fit %d bytes",
                length,
                in.available());
        float[] values = new float[length];
        for (int i = 0; i < length; i++) {
            values[i] = in.readFloat();
        }
        return values;
    }
}
