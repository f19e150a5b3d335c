package org.millrace.evaluator.probe;

import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.millrace.contract.UserException;

/**
 * Labelled images to learn from and others to be scored on, each half in the order of its ranks, so that nothing depends on the order
 * in which they came.
 *
 * @param labels names of the classes of both halves in alphabetical order: the index of a name is the number of its class
 */
public record LabelledHalves(List<String> labels, List<ProbeImage> train, List<ProbeImage> test) {
    private static final int CLASSES_NEEDED = 2;

    public LabelledHalves {
        labels = List.copyOf(labels);
        train = List.copyOf(train);
        test = List.copyOf(test);
    }

    /** The halves of a probe set. */
    public static LabelledHalves of(ProbeSet set) {
        return new LabelledHalves(set.labels(), set.images(Half.TRAIN), set.images(Half.TEST));
    }

    /** Two halves in any order. */
    public static LabelledHalves of(List<ProbeImage> train, List<ProbeImage> test) {
        TreeSet<String> labels = Stream.concat(train.stream(), test.stream())
                .map(ProbeImage::label)
                .collect(Collectors.toCollection(TreeSet::new));
        return new LabelledHalves(
                List.copyOf(labels),
                train.stream().sorted(ProbeImage.BY_RANK).toList(),
                test.stream().sorted(ProbeImage.BY_RANK).toList());
    }

    /**
     * Throws {@link UserException} where nothing could be learnt or scored: fewer than two classes to learn, no image to be scored on,
     * or none of a class that was learnt.
     *
     * @param source where the images came from, in the user's terms
     * @param advice what the user can do
     */
    public void requireUsable(String source, String advice) {
        Set<String> learnt = labelsOf(train);
        Set<String> scored = new HashSet<>(labelsOf(test));
        scored.retainAll(learnt);
        if (learnt.size() < CLASSES_NEEDED || scored.isEmpty()) {
            throw new UserException(source + " has " + train.size() + " labelled images of " + learnt.size()
                    + " classes to learn from and " + test.size() + " images to be scored on, " + scored.size()
                    + " of the learnt classes among them, but at least " + CLASSES_NEEDED
                    + " classes and one image to be scored on are needed\n" + advice);
        }
    }

    /** The number of each image's class. */
    public int[] classesOf(List<ProbeImage> images) {
        return images.stream()
                .mapToInt(image -> Collections.binarySearch(labels, image.label()))
                .toArray();
    }

    private static Set<String> labelsOf(List<ProbeImage> images) {
        return images.stream().map(ProbeImage::label).collect(Collectors.toSet());
    }
}
