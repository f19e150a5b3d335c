package org.millrace.evaluator.drift;

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
import org.millrace.encoder.matrix.FeatureMatrix;

/**
 * Features of the images that fell into a window, of one frozen encoder: all that were seen are counted, and of more than {@code
 * capacity} those with the lowest ranks are kept. Ranks are random and belong to the images, so that what is kept is a uniform sample
 * that does not depend on order, batches or restarts. Immutable.
 *
 * @param encoderVersion of the frozen encoder
 * @param seen images counted
 * @param rows kept, by rank
 */
record SampledRows(long encoderVersion, int capacity, long seen, List<Row> rows) {
    SampledRows {
        rows = List.copyOf(rows);
    }

    /** One image's features, float32; nobody changes the array. */
    @SuppressWarnings("ArrayRecordComponent")
    record Row(long rank, float[] features) {}

    static SampledRows none(long encoderVersion, int capacity) {
        return new SampledRows(encoderVersion, capacity, 0, List.of());
    }

    /** Both together, in this one's capacity. */
    SampledRows with(SampledRows other) {
        check(
                other.encoderVersion == encoderVersion,
                "features of encoder %d do not mix with those of encoder %d",
                other.encoderVersion,
                encoderVersion);
        List<Row> all = new ArrayList<>(rows);
        all.addAll(other.rows);
        all.sort(Comparator.comparingLong(Row::rank));
        return new SampledRows(
                encoderVersion, capacity, seen + other.seen, all.subList(0, Math.min(capacity, all.size())));
    }

    /** N×D of the rows kept. */
    FeatureMatrix matrix() {
        check(!rows.isEmpty(), "there are no features");
        int columns = rows.get(0).features().length;
        double[] values = new double[rows.size() * columns];
        for (int i = 0; i < rows.size(); i++) {
            for (int j = 0; j < columns; j++) {
                values[i * columns + j] = rows.get(i).features()[j];
            }
        }
        return new FeatureMatrix(rows.size(), columns, values);
    }

    /** Version, capacity, seen, number of rows, D, then each row's rank and features; big-endian. */
    byte[] toBytes() {
        var bytes = new ByteArrayOutputStream();
        try (var out = new DataOutputStream(bytes)) {
            out.writeLong(encoderVersion);
            out.writeInt(capacity);
            out.writeLong(seen);
            out.writeInt(rows.size());
            out.writeInt(rows.isEmpty() ? 0 : rows.get(0).features().length);
            for (Row row : rows) {
                out.writeLong(row.rank());
                for (float value : row.features()) {
                    out.writeFloat(value);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    static SampledRows of(byte[] bytes) {
        try (var in = new DataInputStream(new ByteArrayInputStream(bytes))) {
            long version = in.readLong();
            int capacity = in.readInt();
            long seen = in.readLong();
            int count = in.readInt();
            int columns = in.readInt();
            check(
                    count >= 0 && columns >= 0 && (long) count * (8 + 4L * columns) <= bytes.length,
                    "%d rows of %d features do not fit %d bytes",
                    count,
                    columns,
                    bytes.length);
            List<Row> rows = new ArrayList<>(count);
            for (int i = 0; i < count; i++) {
                long rank = in.readLong();
                float[] features = new float[columns];
                for (int j = 0; j < columns; j++) {
                    features[j] = in.readFloat();
                }
                rows.add(new Row(rank, features));
            }
            return new SampledRows(version, capacity, seen, rows);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
