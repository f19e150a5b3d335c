package org.millrace.evaluator.probe;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

final class ProbeSetTest {
    @Test
    void offer_ofUnequalClasses_keepsEachAtItsShare() {
        ProbeSet set = new ProbeSet(90, 10);
        images(500, "cat").forEach(image -> set.offer(image, ProbeSetTest::any));
        assertThat(set.size()).isEqualTo(90);
        images(40, "dog").forEach(image -> set.offer(image, ProbeSetTest::any));
        assertThat(count(set, "cat")).isEqualTo(45);
        images(7, "owl").forEach(image -> set.offer(image, ProbeSetTest::any));
        assertThat(count(set, "cat")).isEqualTo(30);
        assertThat(count(set, "dog")).isEqualTo(30);
        assertThat(count(set, "owl")).isEqualTo(7);
        assertThat(set.labels()).containsExactly("cat", "dog", "owl");
    }

    @Test
    void offer_inAnyOrder_choosesTheSameImagesInTheSameOrder() {
        long seed = 20261;
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        List<ProbeImage> images = new ArrayList<>();
        List.of("a", "b", "c", "d").forEach(label -> images.addAll(images(30 + random.nextInt(100), label)));
        ProbeSet first = new ProbeSet(100, 10);
        images.forEach(image -> first.offer(image, ProbeSetTest::any));
        for (int i = 0; i < 20; i++) {
            Collections.shuffle(images, random);
            ProbeSet other = new ProbeSet(100, 10);
            images.forEach(image -> other.offer(image, ProbeSetTest::any));
            for (Half half : Half.values()) {
                assertThat(ids(other, half)).isEqualTo(ids(first, half));
            }
        }
    }

    @Test
    void images_ofBothHalves_areDisjointAndAboutEqual() {
        ProbeSet set = new ProbeSet(1000, 10);
        images(5000, "cat").forEach(image -> set.offer(image, ProbeSetTest::any));
        Set<String> train = new HashSet<>(ids(set, Half.TRAIN));
        Set<String> test = new HashSet<>(ids(set, Half.TEST));
        assertThat(train).doesNotContainAnyElementsOf(test);
        assertThat(train.size() + test.size()).isEqualTo(1000);
        assertThat(train.size()).isBetween(430, 570);
    }

    @Test
    void offer_ofAKnownId_replacesIt() {
        ProbeSet set = new ProbeSet(100, 10);
        set.offer(image("one", "cat", 1), ProbeSetTest::any);
        set.offer(image("two", "cat", 2), ProbeSetTest::any);
        set.offer(image("one", "dog", 3), ProbeSetTest::any);
        assertThat(set.size()).isEqualTo(2);
        assertThat(set.images()).anySatisfy(image -> {
            assertThat(image.id()).isEqualTo("one");
            assertThat(image.label()).isEqualTo("dog");
            assertThat(image.file()).containsExactly(3);
        });
        set.offer(image("two", "dog", 4), ProbeSetTest::any);
        assertThat(set.labels()).containsExactly("dog");
    }

    @Test
    void offer_ofWhatCannotBeDecoded_changesNothing() {
        ProbeSet set = new ProbeSet(100, 10);
        set.offer(image("one", "cat", 1), ProbeSetTest::any);
        assertThat(set.offer(image("one", "dog", 9), file -> file[0] != 9)).isEqualTo(ProbeSet.Answer.UNDECODABLE);
        assertThat(set.offer(image("two", "dog", 9), file -> file[0] != 9)).isEqualTo(ProbeSet.Answer.UNDECODABLE);
        assertThat(set.labels()).containsExactly("cat");
        assertThat(set.size()).isEqualTo(1);
    }

    @Test
    void offer_ofOneClassTooMany_isRefused() {
        ProbeSet set = new ProbeSet(100, 2);
        set.offer(image("one", "cat", 1), ProbeSetTest::any);
        set.offer(image("two", "dog", 1), ProbeSetTest::any);
        assertThat(set.offer(image("three", "owl", 1), ProbeSetTest::any)).isEqualTo(ProbeSet.Answer.TOO_MANY_CLASSES);
        assertThat(set.size()).isEqualTo(2);
    }

    @Test
    void classesWith_countsOnlyThoseFullInBothHalves() {
        ProbeSet set = new ProbeSet(100, 10);
        for (int i = 0; i < 10; i++) {
            set.offer(new ProbeImage("a" + i, "cat", Optional.of(Half.TRAIN), 0, new byte[1]), ProbeSetTest::any);
            set.offer(new ProbeImage("b" + i, "cat", Optional.of(Half.TEST), 0, new byte[1]), ProbeSetTest::any);
            set.offer(new ProbeImage("c" + i, "dog", Optional.of(Half.TRAIN), 0, new byte[1]), ProbeSetTest::any);
        }
        assertThat(set.classesWith(10)).isEqualTo(1);
        assertThat(set.classesWith(11)).isZero();
        assertThat(set.classesWith(0)).isEqualTo(2);
    }

    private static List<ProbeImage> images(int count, String label) {
        List<ProbeImage> images = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            images.add(image(label + "/" + i, label, i));
        }
        return images;
    }

    private static ProbeImage image(String id, String label, int content) {
        return new ProbeImage(id, label, Optional.empty(), 0, new byte[] {(byte) content});
    }

    private static boolean any(byte[] file) {
        return true;
    }

    private static long count(ProbeSet set, String label) {
        return set.images().stream()
                .filter(image -> image.label().equals(label))
                .count();
    }

    private static List<String> ids(ProbeSet set, Half half) {
        return set.images(half).stream().map(ProbeImage::id).collect(Collectors.toList());
    }
}
