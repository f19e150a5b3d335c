package org.millrace.contract.event;

import static org.millrace.contract.Check.check;

import java.util.Optional;
import org.millrace.contract.config.EncoderConfig;

/**
 * One published encoder: what it is and how to put its weights together from the chunks on {@code <run>.encoders}.
 *
 * @param version names the encoder; it is the step after which the weights were taken, 0 for the untrained one
 * @param step the step after which the weights were taken
 * @param imagesTrained images of the stream trained up to then
 * @param encoder architecture and input of the network
 * @param bytes length of the safetensors file
 * @param chunks number of chunks, keys {@code <version>/<index>}
 * @param sha256 of the file, lower-case hexadecimal
 * @param publishedAtMillis Unix time
 * @param base SHA-256 of encoder 0's file, where this file has only what was learned since ({@code encoder.train}); empty where it is whole
 */
public record EncoderManifest(
        int schema,
        String run,
        long version,
        long step,
        long imagesTrained,
        EncoderConfig encoder,
        long bytes,
        int chunks,
        String sha256,
        long publishedAtMillis,
        Optional<String> base) {
    public static final int SCHEMA = 1;

    /** One whose file is whole. */
    public EncoderManifest(
            int schema,
            String run,
            long version,
            long step,
            long imagesTrained,
            EncoderConfig encoder,
            long bytes,
            int chunks,
            String sha256,
            long publishedAtMillis) {
        this(
                schema,
                run,
                version,
                step,
                imagesTrained,
                encoder,
                bytes,
                chunks,
                sha256,
                publishedAtMillis,
                Optional.empty());
    }

    public EncoderManifest {
        check(version >= 0, "version must not be negative, but was %d", version);
        check(step == version, "step must be the version (%d), but was %d", version, step);
        check(imagesTrained >= 0, "imagesTrained must not be negative, but were %d", imagesTrained);
        check(bytes >= 0, "bytes must not be negative, but were %d", bytes);
        check(chunks >= 1, "chunks must be at least 1, but was %d", chunks);
        check(publishedAtMillis >= 1, "publishedAtMillis must be a time after 1970, but was %d", publishedAtMillis);
    }
}
