package org.millrace.contract.event;

import static org.millrace.contract.Check.check;

/**
 * One adapter: an affine map from the features of one encoder to the space of another, and how to put it together from the chunks on
 * {@code <run>.spaces}.
 *
 * @param from version of the encoder whose features it takes
 * @param encoderSha256 of that encoder's file, lower-case hexadecimal
 * @param inputs D
 * @param outputs D′
 * @param scores of it, held out; their space is the version that it maps to
 * @param bytes length of the file: W, D×D′, row by row, then b, D′, all little-endian float32; y = xW + b
 * @param chunks number of chunks, keys {@code <from>-<to>/<index>}
 * @param sha256 of the file, lower-case hexadecimal
 * @param publishedAtMillis Unix time
 */
public record SpaceManifest(
        int schema,
        String run,
        long from,
        String encoderSha256,
        int inputs,
        int outputs,
        SpaceScores scores,
        long bytes,
        int chunks,
        String sha256,
        long publishedAtMillis) {
    public static final int SCHEMA = 1;

    public SpaceManifest {
        check(from >= 0, "from must not be negative, but was %d", from);
        check(inputs >= 1 && outputs >= 1, "an adapter must have dimensions, but had %d×%d", inputs, outputs);
        check(
                bytes == Float.BYTES * ((long) inputs * outputs + outputs),
                "an adapter of %d to %d features must have %d bytes, but had %d",
                inputs,
                outputs,
                Float.BYTES * ((long) inputs * outputs + outputs),
                bytes);
        check(chunks >= 1, "chunks must be at least 1, but was %d", chunks);
        check(publishedAtMillis >= 1, "publishedAtMillis must be a time after 1970, but was %d", publishedAtMillis);
    }

    /** The version in whose space the mapped features are. */
    public long to() {
        return scores.space();
    }
}
