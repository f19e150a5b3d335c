package org.millrace.contract.event;

import static org.millrace.contract.Check.check;

import java.util.Base64;
import java.util.BitSet;

/**
 * Which held-out images the probes of an encoder put into the right class, so that two encoders can be compared image by image.
 *
 * @param probe SHA-256 over both halves of the probe set, files and labels in order: answers are comparable where it is the same
 * @param linear bit i, from the lowest of the first byte, is 1 where the linear probe is right about held-out image i; base64, trailing zero
 *     bytes left out
 * @param neighbours the same of the nearest neighbours
 */
public record ProbeAnswers(String probe, String linear, String neighbours) {
    private static final int MOST_CHARACTERS = 1 << 20; // of 6 million images

    public ProbeAnswers {
        check(probe.matches("[0-9a-f]{64}"), "probe must be a SHA-256 in lower-case hexadecimal, but was '%s'", probe);
        bits(linear);
        bits(neighbours);
    }

    public static ProbeAnswers of(String probe, BitSet linear, BitSet neighbours) {
        return new ProbeAnswers(probe, text(linear), text(neighbours));
    }

    /** Held-out images that the linear probe is right about. */
    public BitSet linearHits() {
        return bits(linear);
    }

    /** Held-out images that the nearest neighbours are right about. */
    public BitSet neighbourHits() {
        return bits(neighbours);
    }

    private static String text(BitSet hits) {
        return Base64.getEncoder().encodeToString(hits.toByteArray());
    }

    private static BitSet bits(String text) {
        check(text.length() <= MOST_CHARACTERS, "answers have at most %d characters", MOST_CHARACTERS);
        return BitSet.valueOf(Base64.getDecoder().decode(text));
    }
}
