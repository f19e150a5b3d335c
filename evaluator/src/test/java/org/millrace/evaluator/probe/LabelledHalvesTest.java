package org.millrace.evaluator.probe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.millrace.contract.UserException;

final class LabelledHalvesTest {
    @Test
    void of_anyOrder_isTheSame() {
        List<ProbeImage> train = images(Half.TRAIN, "b", "a", "c", "a", "b");
        List<ProbeImage> test = images(Half.TEST, "d", "a", "b");
        LabelledHalves halves = LabelledHalves.of(train, test);
        assertThat(halves.labels()).containsExactly("a", "b", "c", "d");
        List<ProbeImage> reversed = new ArrayList<>(train);
        Collections.reverse(reversed);
        assertThat(LabelledHalves.of(reversed, test)).isEqualTo(halves);
        int[] classes = halves.classesOf(halves.train());
        for (int i = 0; i < classes.length; i++) {
            assertThat(halves.labels().get(classes[i]))
                    .isEqualTo(halves.train().get(i).label());
        }
    }

    @Test
    void of_idOfAFile_isHashedAsKafkasKeyIs() {
        ProbeImage file = ProbeImage.of("straße/1.png", "a", Half.TRAIN, new byte[1]);
        byte[] key = "straße/1.png".getBytes(StandardCharsets.UTF_8);
        ProbeImage record = new ProbeImage(
                new String(key, StandardCharsets.ISO_8859_1), "a", Optional.of(Half.TRAIN), 0, new byte[1]);
        assertThat(ProbeImage.BY_RANK.compare(file, record)).isZero();
    }

    @Test
    void requireUsable_enough_isSilent() {
        assertThatCode(() -> LabelledHalves.of(images(Half.TRAIN, "a", "b"), images(Half.TEST, "b"))
                        .requireUsable("the folder", "Add some."))
                .doesNotThrowAnyException();
    }

    @Test
    void requireUsable_oneClassOrNothingInCommon_saysWhatIsThere() {
        refused(images(Half.TRAIN, "a", "a"), images(Half.TEST, "a"), "2 labelled images of 1 classes");
        refused(images(Half.TRAIN, "a", "b"), images(Half.TEST, "x"), "1 images to be scored on, 0 of the learnt");
        refused(images(Half.TRAIN, "a", "b"), List.of(), "0 images to be scored on");
        refused(List.of(), images(Half.TEST, "a"), "0 labelled images");
    }

    private static void refused(List<ProbeImage> train, List<ProbeImage> test, String part) {
        assertThatThrownBy(() -> LabelledHalves.of(train, test).requireUsable("the folder", "Add some."))
                .isInstanceOf(UserException.class)
                .hasMessageStartingWith("the folder has ")
                .hasMessageContaining(part)
                .hasMessageEndingWith("\nAdd some.");
    }

    private static List<ProbeImage> images(Half half, String... labels) {
        List<ProbeImage> images = new ArrayList<>();
        for (String label : labels) {
            images.add(ProbeImage.of(half + "/" + images.size(), label, half, new byte[] {1}));
        }
        return images;
    }
}
