package org.millrace.bench;

import static org.millrace.contract.Check.check;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;

/** Orders in which the images of a labelled set arrive. The same for the same labels, settings and seed. */
enum StreamKind {
    /** Each image once, in random order. */
    SHUFFLED,
    /** Each image once, class after class. */
    BY_CLASS,
    /** Each image as a clip of a camera that pans a little, its brightness drifting, with noise. */
    CLIPS,
    /** Each image once; every class comes several times, with all the others between. */
    RECURRING,
    /** Each photograph as a clip: a window that moves across it. */
    PAN;

    private static final long FRAME_MILLIS = 100;
    private static final double PARETO_SHAPE = 2;
    private static final double LONGEST_IN_MEANS = 20;

    /**
     * One image of the stream.
     *
     * @param image index in the set
     * @param frame of its clip, from 0
     * @param frames of its clip
     * @param millis since the stream's start
     */
    record Shot(int image, int camera, int frame, int frames, long millis) {}

    /**
     * How much of everything.
     *
     * @param mean length of a clip in frames
     * @param cameras that clips are dealt to, whose frames are interleaved
     * @param rounds in which every class comes once, of {@code RECURRING}
     */
    record Amounts(long seed, int mean, int cameras, int rounds) {
        Amounts {
            check(mean >= 1, "mean must be at least 1, but was %d", mean);
            check(cameras >= 1, "cameras must be at least 1, but was %d", cameras);
            check(rounds >= 1, "rounds must be at least 1, but was %d", rounds);
        }
    }

    /** The stream's images in the order of their time. */
    List<Shot> shots(List<String> labels, Amounts amounts) {
        Random random = new Random(amounts.seed());
        return switch (this) {
            case SHUFFLED -> once(shuffled(labels.size(), random));
            case BY_CLASS -> once(inRounds(labels, 1, random));
            case RECURRING -> once(inRounds(labels, amounts.rounds(), random));
            case CLIPS -> {
                List<Integer> order = shuffled(labels.size(), random);
                yield clips(order, lengths(order.size(), amounts.mean(), random), amounts.cameras());
            }
            case PAN -> {
                List<Integer> order = shuffled(labels.size(), random);
                yield clips(order, Collections.nCopies(order.size(), amounts.mean()), amounts.cameras());
            }
        };
    }

    private static List<Integer> shuffled(int count, Random random) {
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            order.add(i);
        }
        Collections.shuffle(order, random);
        return order;
    }

    /** Round after round the next part of each class, in the order of the classes' names. */
    private static List<Integer> inRounds(List<String> labels, int rounds, Random random) {
        TreeMap<String, List<Integer>> classes = new TreeMap<>();
        for (int image : shuffled(labels.size(), random)) {
            classes.computeIfAbsent(labels.get(image), label -> new ArrayList<>())
                    .add(image);
        }
        List<Integer> order = new ArrayList<>();
        for (int round = 0; round < rounds; round++) {
            for (List<Integer> images : classes.values()) {
                long size = images.size();
                order.addAll(images.subList((int) (size * round / rounds), (int) (size * (round + 1) / rounds)));
            }
        }
        return order;
    }

    private static List<Shot> once(List<Integer> order) {
        List<Shot> shots = new ArrayList<>();
        for (int image : order) {
            shots.add(new Shot(image, 0, 0, 1, FRAME_MILLIS * shots.size()));
        }
        return shots;
    }

    /** Pareto lengths of that mean exactly: drawn, cut at a multiple of the mean, scaled, and rounded so that no fraction is lost. */
    static List<Integer> lengths(int count, int mean, Random random) {
        double[] drawn = random.doubles(count)
                .map(u -> Math.min(
                        LONGEST_IN_MEANS * PARETO_SHAPE / (PARETO_SHAPE - 1), Math.pow(1 - u, -1 / PARETO_SHAPE)))
                .toArray();
        double sum = 0;
        for (double length : drawn) {
            sum += length;
        }
        // every clip has one frame; the others are dealt in proportion
        double perUnit = (double) count * (mean - 1) / sum;
        List<Integer> lengths = new ArrayList<>();
        double exact = 0;
        long dealt = 0;
        for (double length : drawn) {
            exact += length * perUnit;
            long until = Math.round(exact);
            lengths.add((int) (1 + until - dealt));
            dealt = until;
        }
        return lengths;
    }

    /** Deals the clips to the cameras in turn; each camera gives a frame every 100 ms, one a little after the other. */
    private static List<Shot> clips(List<Integer> order, List<Integer> lengths, int cameras) {
        List<Shot> shots = new ArrayList<>();
        long[] frames = new long[cameras];
        for (int clip = 0; clip < order.size(); clip++) {
            int camera = clip % cameras;
            int length = lengths.get(clip);
            for (int frame = 0; frame < length; frame++) {
                long millis = FRAME_MILLIS * frames[camera]++ + FRAME_MILLIS * camera / cameras;
                shots.add(new Shot(order.get(clip), camera, frame, length, millis));
            }
        }
        shots.sort(Comparator.comparingLong(Shot::millis).thenComparingInt(Shot::camera));
        return shots;
    }
}
