package org.millrace.ingest.push;

import static org.millrace.contract.Check.check;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.millrace.contract.config.ImagesConfig;
import org.millrace.ingest.gate.Judged;
import org.millrace.ingest.label.Labels;
import org.millrace.ingest.source.ImageSources;

/**
 * What to push, where to, in which order and how fast.
 *
 * <p>A pass goes through every source once: the entries are put in order, the first {@code skip} images are left out, the others
 * are pushed. What is left out is the same in every pass, so that {@code skip = n} and {@code limit = n} with one order and seed
 * are two parts of one source that share no image.
 *
 * @param paths folders, archives, IDX files, single images, or {@code -} for file names on standard input
 * @param seed of the order {@code SHUFFLED}; each pass has its own order
 * @param repeat passes, at least 1
 * @param imagesPerSecond most images per second; infinite for no bound
 * @param limit most images pushed, over all passes; {@code Long.MAX_VALUE} for no bound
 * @param skip images left out at the beginning of each pass; files that are no images do not count
 */
public record PushRequest(
        List<String> paths,
        Target target,
        Labels labels,
        Order order,
        long seed,
        int repeat,
        double imagesPerSecond,
        long limit,
        long skip,
        Split split) {
    public static final String STANDARD_INPUT = ImageSources.STANDARD_INPUT;

    public PushRequest {
        paths = List.copyOf(paths);
        check(
                !paths.isEmpty(),
                "push needs a folder, an archive, an IDX file, an image, or - for names on standard input");
        check(
                paths.stream().noneMatch(String::isBlank),
                "push: a path must not be blank, but the paths were %s",
                paths);
        check(
                paths.stream().filter(STANDARD_INPUT::equals).count() <= 1,
                "push: - (names on standard input) can be given once, but the paths were %s",
                paths);
        check(repeat >= 1, "--repeat must be at least 1, but was %d", repeat);
        check(imagesPerSecond > 0, "--rate must be more than 0 images/s, but was %s", imagesPerSecond);
        check(limit >= 1, "--limit must be at least 1, but was %d", limit);
        check(skip >= 0, "--skip must not be negative, but was %d", skip);
        check(
                split == Split.BY_HASH || target == Target.PROBE,
                "--split %s is for --to probe only; images of the stream have no split",
                split.words());
    }

    /** Everything once, in its own order, as fast as Kafka takes it, with labels where an IDX file has them beside it. */
    public static PushRequest of(List<String> paths, Target target) {
        return new PushRequest(
                paths,
                target,
                new Labels.Automatic(),
                Order.AS_IS,
                1,
                1,
                Double.POSITIVE_INFINITY,
                Long.MAX_VALUE,
                0,
                Split.BY_HASH);
    }

    public PushRequest withLabels(Labels labels) {
        return new PushRequest(paths, target, labels, order, seed, repeat, imagesPerSecond, limit, skip, split);
    }

    public PushRequest withOrder(Order order, long seed) {
        return new PushRequest(paths, target, labels, order, seed, repeat, imagesPerSecond, limit, skip, split);
    }

    public PushRequest withRepeat(int repeat) {
        return new PushRequest(paths, target, labels, order, seed, repeat, imagesPerSecond, limit, skip, split);
    }

    public PushRequest withRate(double imagesPerSecond) {
        return new PushRequest(paths, target, labels, order, seed, repeat, imagesPerSecond, limit, skip, split);
    }

    public PushRequest withLimit(long limit) {
        return new PushRequest(paths, target, labels, order, seed, repeat, imagesPerSecond, limit, skip, split);
    }

    public PushRequest withSkip(long skip) {
        return new PushRequest(paths, target, labels, order, seed, repeat, imagesPerSecond, limit, skip, split);
    }

    /** The topic that is meant: the unlabelled stream, or the labelled probe. */
    public enum Target {
        IMAGES,
        PROBE;

        String topic(ImagesConfig images) {
            return switch (this) {
                case IMAGES -> images.topic();
                case PROBE -> images.probeTopic();
            };
        }

        /** What is made of a judged file that is meant for this topic. */
        public Judged judge(Judged judged, Optional<String> label) {
            return switch (this) {
                case IMAGES -> judged;
                case PROBE -> judged.requireLabel(label);
            };
        }
    }

    /** The order of a pass. All but {@code AS_IS} list every entry before the first is pushed. */
    public enum Order {
        AS_IS,
        SHUFFLED,
        BY_LABEL
    }

    /** The half of the probe that an image is for; {@code BY_HASH} leaves it to the hash of its id. */
    public enum Split {
        BY_HASH,
        TRAIN,
        TEST;

        /** The header's value; none for {@code BY_HASH}. */
        Optional<String> header() {
            return this == BY_HASH ? Optional.empty() : Optional.of(words());
        }

        String words() {
            return name().toLowerCase(Locale.ROOT);
        }
    }
}
