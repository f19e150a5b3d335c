package org.millrace.evaluator.probe;

import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.Optional;
import org.millrace.contract.OutsideText;
import org.millrace.contract.Sha256;

/**
 * One labelled image. Its rank, by which images are chosen, and its half, where none was given, are two independent parts of the
 * SHA-256 of its id: the same image gets the same ones on every machine. Immutable by convention.
 */
public final class ProbeImage {
    /** By rank; equal ones, which are improbable, by id. */
    static final Comparator<ProbeImage> BY_RANK =
            Comparator.comparingLong((ProbeImage image) -> image.rank).thenComparing(image -> image.id);

    private final String id;
    private final long rank;
    private final String label;
    private final Half half;
    private final long timeMillis;
    private final byte[] file;

    /**
     * @param id bytes of the id as Latin-1 text
     * @param half empty to take it from the hash of the id: even odds
     * @param timeMillis Unix time of its record
     * @param file the encoded image; taken over, not copied
     */
    ProbeImage(String id, String label, Optional<Half> half, long timeMillis, byte[] file) {
        String hash = Sha256.of(id.getBytes(StandardCharsets.ISO_8859_1));
        this.id = id;
        this.rank = Long.parseUnsignedLong(hash.substring(0, 16), 16);
        this.label = OutsideText.of(label); // of a file of an older version as well
        this.half = half.orElse(Character.digit(hash.charAt(16), 16) < 8 ? Half.TRAIN : Half.TEST);
        this.timeMillis = timeMillis;
        this.file = file;
    }

    /**
     * An image of a half that is known, from a file; its time is 0.
     *
     * @param id unique within the half; its UTF-8 bytes are hashed
     * @param file the encoded image; taken over, not copied
     */
    public static ProbeImage of(String id, String label, Half half, byte[] file) {
        String latin = new String(id.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
        return new ProbeImage(latin, label, Optional.of(half), 0, file);
    }

    String id() {
        return id;
    }

    public String label() {
        return label;
    }

    Half half() {
        return half;
    }

    /** Unix time of its record; 0 where it is not known. */
    public long timeMillis() {
        return timeMillis;
    }

    /** The encoded image: read it, do not write to it. */
    public byte[] file() {
        return file;
    }
}
