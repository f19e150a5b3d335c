package org.millrace.server.dashboard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Random;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.millrace.contract.ImageOffset;
import org.millrace.encoder.image.ImageDecoder;
import org.millrace.encoder.image.Pixels;
import org.millrace.server.dashboard.Appearance.Change;
import org.millrace.server.dashboard.Appearance.Trait;

class ChangedImagesTest {
    private static final int SIDE = 24;

    private final ImageDecoder decoder = new ImageDecoder(3, 1_000_000);

    @Test
    void of_checkerboard_isHalfBrightAndAsSharpAsCanBe() {
        byte[] values = new byte[16];
        for (int i = 0; i < 16; i++) {
            values[i] = (byte) ((i / 4 + i) % 2 == 0 ? 255 : 0);
        }
        Appearance board = Appearance.of(new Pixels(1, 4, 4, values));
        assertThat(board.brightness()).isCloseTo(0.5, within(1e-9));
        assertThat(board.contrast()).isCloseTo(1, within(1e-9));
        assertThat(board.sharpness()).isCloseTo(1, within(1e-9));
        assertThat(board.colour()).isZero();
    }

    @Test
    void of_pureRed_hasAllColour() {
        Appearance red = Appearance.of(new Pixels(3, 1, 2, new byte[] {-1, -1, 0, 0, 0, 0}));
        assertThat(red.colour()).isCloseTo(1, within(1e-9));
        assertThat(red.brightness()).isCloseTo(0.299, within(1e-9));
        assertThat(red.sharpness()).isZero();
    }

    @Test
    void of_eachTraitChanged_comesFirstWithItsWords() {
        List<StoredImage> before = images(1, rgb -> rgb);
        assertThat(most(before, images(2, rgb -> each(rgb, value -> value / 3 + 120))))
                .satisfies(change -> assertThat(change.trait()).isIn(Trait.CONTRAST, Trait.SHARPNESS, Trait.COLOUR))
                .satisfies(change -> assertThat(change.words()).isIn("less contrast", "blurred", "less colour"));
        assertThat(most(before, images(2, ChangedImagesTest::grey)))
                .returns(Trait.COLOUR, Change::trait)
                .returns("less colour", Change::words);
        List<StoredImage> night = images(3, rgb -> each(rgb, value -> 100));
        assertThat(most(night, images(4, rgb -> each(rgb, value -> 20))))
                .returns(Trait.BRIGHTNESS, Change::trait)
                .returns("darker", Change::words);
    }

    @Test
    void of_images_showsEightOfEachFromTheLeastToTheMost() {
        List<StoredImage> before = images(1, rgb -> rgb);
        ChangedImages changed =
                ChangedImages.of(before, images(2, rgb -> each(rgb, value -> value / 3)), this::decoding);
        assertThat(changed.problem()).isEmpty();
        assertThat(changed.changes()).hasSize(4);
        assertThat(changed.before()).hasSize(8).doesNotHaveDuplicates();
        assertThat(changed.now()).hasSize(8).allMatch(picture -> picture.startsWith("data:image/png;base64,"));
    }

    @Test
    void of_imagesGoneOrDamaged_saysWhich() {
        List<StoredImage> some = images(1, rgb -> rgb);
        var damaged = new StoredImage(new ImageOffset(0, 1), 1, "", "", new byte[] {1, 2, 3});
        assertThat(ChangedImages.of(List.of(), some, this::decoding).problem())
                .isEqualTo("the images of the reference are no longer in the log");
        assertThat(ChangedImages.of(some, List.of(damaged), this::decoding).problem())
                .isEqualTo("the images of that window are no longer in the log");
    }

    @Test
    void of_imagesTooLargeToDecode_areLeftOutAndCounted() throws Exception {
        List<StoredImage> some = images(1, rgb -> rgb);
        long two = 2 * decoder.judge(some.get(0).file()).work();
        ChangedImages changed = ChangedImages.of(some, some, most -> new BoundedDecoding(decoder, two));
        assertThat(changed.before()).hasSize(2);
        assertThat(changed.leftOut()).isEqualTo(2 * 14);
        assertThat(ChangedImages.of(some, some, most -> new BoundedDecoding(decoder, 0))
                        .problem())
                .isEqualTo("the images of the reference are too large to decode here");
    }

    private BoundedDecoding decoding(long mostWork) {
        return new BoundedDecoding(decoder, mostWork);
    }

    private Change most(List<StoredImage> before, List<StoredImage> now) {
        return ChangedImages.of(before, now, this::decoding).changes().get(0);
    }

    private static List<StoredImage> images(long seed, IntUnaryOperator colour) {
        Random random = new Random(seed);
        return IntStream.range(0, 16)
                .mapToObj(i -> new StoredImage(new ImageOffset(0, i), i, "", "", noise(random, colour)))
                .toList();
    }

    static byte[] noise(Random random, IntUnaryOperator colour) {
        BufferedImage image = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_INT_RGB);
        int least = random.nextInt(40);
        for (int y = 0; y < SIDE; y++) {
            for (int x = 0; x < SIDE; x++) {
                int red = least + random.nextInt(200);
                int green = least + random.nextInt(200);
                int blue = least + random.nextInt(200);
                image.setRGB(x, y, colour.applyAsInt(new Color(red, green, blue).getRGB()));
            }
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            ImageIO.write(image, "png", out);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }

    private static int each(int rgb, IntUnaryOperator channel) {
        Color colour = new Color(rgb);
        return new Color(
                        channel.applyAsInt(colour.getRed()),
                        channel.applyAsInt(colour.getGreen()),
                        channel.applyAsInt(colour.getBlue()))
                .getRGB();
    }

    private static int grey(int rgb) {
        Color colour = new Color(rgb);
        int grey = (int) Math.round(0.299 * colour.getRed() + 0.587 * colour.getGreen() + 0.114 * colour.getBlue());
        return new Color(grey, grey, grey).getRGB();
    }
}
