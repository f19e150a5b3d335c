package org.millrace.contract.registry;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.UserException;
import org.millrace.contract.event.EncoderManifest;
import org.millrace.contract.weights.LowRank;
import org.millrace.contract.weights.Safetensors;

/**
 * An encoder as it travels: what it is, and the bytes of its safetensors file, whose SHA-256 is the manifest's; where that has only what was
 * learned, also those of the encoder with which the run began. Thread safe.
 */
public final class PublishedEncoder {
    private final EncoderManifest manifest;
    private final byte[] file;
    private final byte @Nullable [] base;
    private byte @Nullable [] whole; // made when it is first asked for

    /** @param safetensors of a whole encoder, taken over, not copied */
    public PublishedEncoder(EncoderManifest manifest, byte[] safetensors) {
        this(manifest, safetensors, null);
    }

    /**
     * @param file as it was published, taken over
     * @param base encoder 0's, where the manifest names it
     */
    PublishedEncoder(EncoderManifest manifest, byte[] file, byte @Nullable [] base) {
        this.manifest = manifest;
        this.file = file;
        this.base = base;
    }

    public EncoderManifest manifest() {
        return manifest;
    }

    public long version() {
        return manifest.version();
    }

    /**
     * The whole encoder's file: read it, do not write to it.
     *
     * @throws UserException where what was learned does not fit encoder 0
     */
    public synchronized byte[] safetensors() {
        byte[] made = whole;
        if (made == null) {
            made = base == null ? file : merged(base);
            whole = made;
        }
        return made;
    }

    private byte[] merged(byte[] begun) {
        try {
            return LowRank.merged(Safetensors.parse(begun), Safetensors.parse(file))
                    .toBytes();
        } catch (IllegalArgumentException e) {
            throw new UserException(
                    "encoder " + version() + " of run " + manifest.run() + " cannot be used: " + e.getMessage()
                            + ". Take another version.",
                    e);
        }
    }

    /** The parts of which the encoder is made, where it was published as what was learned. */
    public Optional<Apart> apart() {
        return Optional.ofNullable(base).map(begun -> new Apart(Safetensors.parse(file), Safetensors.parse(begun)));
    }

    /**
     * What was learned, and the whole encoder with which the run began.
     */
    public record Apart(Safetensors learned, Safetensors base) {}

    /** Bytes that this encoder adds to those of encoder 0: its file's, as it was published. */
    public long publishedBytes() {
        return file.length;
    }
}
