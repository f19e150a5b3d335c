package org.millrace.contract;

import java.util.random.RandomGenerator;

/**
 * A counter-based generator: its n-th value is a pure function of (seed, step, purpose, index, n), so that any draw of any step
 * can be made again without the draws before it. Not thread safe; make one per use.
 *
 * <p>Each value is the SplitMix64 finaliser (Steele, Lea, Flood 2014, variant 13 of Stafford's mix) of a key plus n times the
 * golden gamma; the key is a chain of the same mix over the four coordinates.
 */
public final class CounterRandom implements RandomGenerator {
    private static final long GOLDEN_GAMMA = 0x9e3779b97f4a7c15L;

    private final long key;
    private long counter;

    private CounterRandom(long key) {
        this.key = key;
    }

    /** The generator of a purpose in a step; {@code index} distinguishes, for example, the images of a batch. */
    public static CounterRandom of(long seed, long step, Purpose purpose, long index) {
        long key = mix(seed + GOLDEN_GAMMA);
        key = mix(key ^ mix(step + 2 * GOLDEN_GAMMA));
        key = mix(key ^ mix(purpose.code + 3 * GOLDEN_GAMMA));
        return new CounterRandom(mix(key ^ mix(index + 4 * GOLDEN_GAMMA)));
    }

    @Override
    public long nextLong() {
        counter++;
        return mix(key + counter * GOLDEN_GAMMA);
    }

    private static long mix(long value) {
        long z = value;
        z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
        return z ^ (z >>> 31);
    }

    /** What a draw is for. The codes are part of every run's history: never change or reuse one. */
    public enum Purpose {
        WEIGHTS(1),
        VIEW_ONE(2),
        VIEW_TWO(3),
        BUFFER_INSERT(4),
        BUFFER_DRAW(5),
        PERMUTATION(40),
        SHUFFLE(6),
        PROBE(7),
        QUEUE(8),
        /** What both views of an image share. */
        VIEW_PAIR(9),
        KEY_ORDER(20),
        NEGATIVES(21),
        LOCATIONS(22),
        GATE_SAMPLE(23),
        GATE_SHARE(24),
        OTHER_FRAME(38);

        private final long code;

        Purpose(long code) {
            this.code = code;
        }
    }
}
