package org.millrace.evaluator.probe;

import static org.millrace.contract.Check.check;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.millrace.contract.Sha256;

/**
 * A bounded, class-balanced choice of labelled images. Each class keeps at most capacity / classes images, those of the lowest
 * rank, so that the choice does not depend on the order of arrival (which classes are admitted, once there are too many, does).
 * Not thread safe.
 */
public final class ProbeSet {
    private final int capacity;
    private final int maxClasses;
    private final SortedMap<String, SortedSet<ProbeImage>> classes = new TreeMap<>();
    private final Map<String, ProbeImage> images = new HashMap<>();

    ProbeSet(int capacity, int maxClasses) {
        check(
                maxClasses >= 1 && maxClasses <= capacity,
                "classes must be in [1, %d], but were %d",
                capacity,
                maxClasses);
        this.capacity = capacity;
        this.maxClasses = maxClasses;
    }

    /**
     * Takes the image if it is among its class's lowest ranks; it replaces the one with its id. {@code decodes} is called only for an
     * image that would be taken.
     */
    Answer offer(ProbeImage image, Predicate<byte[]> decodes) {
        boolean newClass = !classes.containsKey(image.label());
        if (newClass && classes.size() >= maxClasses) {
            return Answer.TOO_MANY_CLASSES;
        }
        boolean known = images.containsKey(image.id());
        if (!known && !newClass && !fits(image)) {
            return Answer.NOT_CHOSEN;
        }
        if (!decodes.test(image.file())) {
            return Answer.UNDECODABLE;
        }
        remove(image.id());
        images.put(image.id(), image);
        classes.computeIfAbsent(image.label(), label -> new TreeSet<>(ProbeImage.BY_RANK))
                .add(image);
        shrink();
        return images.containsKey(image.id()) ? Answer.TAKEN : Answer.NOT_CHOSEN;
    }

    /** Removes the image with that id, if present, and its class with the last image. */
    void remove(String id) {
        ProbeImage image = images.remove(id);
        if (image != null) {
            SortedSet<ProbeImage> members = members(image.label());
            members.remove(image);
            if (members.isEmpty()) {
                classes.remove(image.label());
            }
        }
    }

    /** Names of the classes in alphabetical order: the index of a name is the number of its class. */
    public List<String> labels() {
        return List.copyOf(classes.keySet());
    }

    /** The images of a half in the order of their ranks. */
    public List<ProbeImage> images(Half half) {
        return images.values().stream()
                .filter(image -> image.half() == half)
                .sorted(ProbeImage.BY_RANK)
                .toList();
    }

    /** How many {@link #images(Half)} there are. */
    public int count(Half half) {
        return (int)
                images.values().stream().filter(image -> image.half() == half).count();
    }

    /** SHA-256 over both halves, files and labels in the order of {@link #images(Half)}; lower-case hexadecimal. */
    public String digest() {
        StringBuilder text = new StringBuilder();
        for (Half half : Half.values()) {
            images(half)
                    .forEach(image -> text.append(half)
                            .append(' ')
                            .append(Sha256.of(image.file()))
                            .append(' ')
                            .append(Sha256.of(image.label().getBytes(StandardCharsets.UTF_8)))
                            .append('\n'));
        }
        return Sha256.of(text.toString().getBytes(StandardCharsets.UTF_8));
    }

    public int size() {
        return images.size();
    }

    /** Number of classes with at least {@code imagesPerHalf} images in each half. */
    public int classesWith(int imagesPerHalf) {
        return (int) classes.values().stream()
                .filter(members -> {
                    long train = members.stream()
                            .filter(image -> image.half() == Half.TRAIN)
                            .count();
                    return train >= imagesPerHalf && members.size() - train >= imagesPerHalf;
                })
                .count();
    }

    Collection<ProbeImage> images() {
        return new ArrayList<>(images.values());
    }

    private boolean fits(ProbeImage image) {
        SortedSet<ProbeImage> members = members(image.label());
        return members.size() < quota() || ProbeImage.BY_RANK.compare(image, members.last()) < 0;
    }

    private void shrink() {
        for (SortedSet<ProbeImage> members : classes.values()) {
            while (members.size() > quota()) {
                ProbeImage last = members.last();
                members.remove(last);
                images.remove(last.id());
            }
        }
    }

    private int quota() {
        return capacity / classes.size();
    }

    private SortedSet<ProbeImage> members(String label) {
        return Objects.requireNonNull(classes.get(label), "the class must be known");
    }

    /** What became of an offered image. */
    enum Answer {
        TAKEN,
        /** Its class is full of lower ranks. */
        NOT_CHOSEN,
        UNDECODABLE,
        TOO_MANY_CLASSES
    }
}
