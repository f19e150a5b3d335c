package org.millrace.server.dashboard;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.millrace.contract.ImageOffset;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.OffsetRange;
import org.millrace.contract.event.StepImages;
import org.millrace.contract.event.StepPlan;
import org.millrace.encoder.image.ImageDecoder;
import org.millrace.encoder.image.Pixels;
import org.millrace.encoder.image.Reduction;
import org.millrace.trainer.view.ViewMaker;
import org.millrace.trainer.view.Views;

final class GalleryMakerTest {
    private static final StepPlan PLAN = new StepPlan(7, List.of(new OffsetRange(0, 0, 3)), 3);

    private final MillraceConfig config =
            new ConfigLoader().assignments(List.of("images.decode-scale=dct")).load();

    @Test
    void of_runThatDecodesJpegsSmall_showsTheViewsThatItTrained() throws Exception {
        byte[] file = jpeg(new Random(1), 512, 384);
        Sections.Gallery gallery = GalleryMaker.of(step(PLAN), config, (range, most) -> List.of(image(0, file)));
        assertThat(gallery.images()).hasSize(1);
        assertThat(gallery.note()).isEmpty();
        Reduction reduction = ViewMaker.reduction(config);
        assertThat(reduction).isNotEqualTo(Reduction.NONE);
        assertThat(gallery.images().get(0).first()).isEqualTo(firstView(file, reduction));
        assertThat(gallery.images().get(0).first()).isNotEqualTo(firstView(file, Reduction.NONE));
    }

    @Test
    void of_stepWithSkippedImages_showsNoneAndSaysWhy() throws Exception {
        byte[] file = jpeg(new Random(1), 64, 48);
        StepPlan gated = new StepPlan(7, List.of(new OffsetRange(0, 0, 3)), 2, 1);
        Sections.Gallery gallery = GalleryMaker.of(step(gated), config, (range, most) -> List.of(image(0, file)));
        assertThat(gallery.images()).isEmpty();
        assertThat(gallery.problem()).startsWith("the gate skipped 1 image of step 7");
    }

    @Test
    void of_stepWhoseImagesTheTrainerNames_showsTheirViewsAlsoOfOtherFrames() throws Exception {
        List<byte[]> files = new ArrayList<>();
        for (int offset = 0; offset < 6; offset++) {
            files.add(jpeg(new Random(offset), 64, 48));
        }
        StepPlan gated = new StepPlan(7, List.of(new OffsetRange(0, 0, 6)), 2, 4);
        StepImages named = new StepImages(
                1,
                List.of(
                        new StepImages.Trained(new ImageOffset(0, 1), Optional.of(new ImageOffset(0, 3))),
                        new StepImages.Trained(new ImageOffset(0, 4), Optional.empty())));
        GalleryMaker.Reading log = (range, most) -> List.of(image((int) range.from(), files.get((int) range.from())))
                .subList(0, Math.min(1, most));
        Sections.Gallery gallery = GalleryMaker.of(new RunView.FreshStep(gated, Optional.of(named)), config, log);
        assertThat(gallery.images()).extracting(Sections.Viewed::at).containsExactly("0/1", "0/4");
        assertThat(gallery.images()).extracting(Sections.Viewed::secondFrom).containsExactly("0/3", "");
        assertThat(gallery.images().get(0).first()).isEqualTo(view(0, files.get(1), 0));
        assertThat(gallery.images().get(0).second()).isEqualTo(view(1, files.get(3), 0));
        assertThat(gallery.images().get(1).first()).isEqualTo(view(0, files.get(4), 1));
        assertThat(gallery.images().get(1).second()).isEqualTo(view(1, files.get(4), 1));
        assertThat(gallery.problem() + gallery.note()).isEmpty();
    }

    private String view(int view, byte[] file, int index) throws Exception {
        Pixels pixels = new ImageDecoder(3, config.images().maxPixels(), ViewMaker.reduction(config)).decode(file);
        FloatBuffer values = FloatBuffer.allocate(
                config.encoder().height() * config.encoder().width() * 3);
        new Views(config).make(view, pixels, PLAN.step(), index, values);
        return Png.dataUri(Png.ofInput(config.encoder(), values.rewind()));
    }

    private static RunView.FreshStep step(StepPlan plan) {
        return new RunView.FreshStep(plan, Optional.empty());
    }

    @Test
    void of_imageTooLargeToDecode_endsBeforeItAndSaysSo() throws Exception {
        byte[] small = jpeg(new Random(1), 64, 48);
        byte[] large = largePng();
        Sections.Gallery gallery = GalleryMaker.of(
                step(PLAN), config, (range, most) -> List.of(image(0, small), image(1, large), image(2, small)));
        assertThat(gallery.images()).hasSize(1);
        assertThat(gallery.note()).isEqualTo("1 of its first 8 images: the next is too large to decode here");
        Sections.Gallery none =
                GalleryMaker.of(step(PLAN), config, (range, most) -> List.of(image(0, large), image(1, small)));
        assertThat(none.images()).isEmpty();
        assertThat(none.problem()).isEqualTo("the first image of step 7 is too large to decode here");
    }

    private String firstView(byte[] file, Reduction reduction) throws Exception {
        Pixels pixels = new ImageDecoder(3, config.images().maxPixels(), reduction).decode(file);
        int size = config.encoder().height() * config.encoder().width() * 3;
        FloatBuffer first = FloatBuffer.allocate(size);
        new Views(config).make(pixels, PLAN.step(), 0, List.of(first, FloatBuffer.allocate(size)));
        return Png.dataUri(Png.ofInput(config.encoder(), first.rewind()));
    }

    private static StoredImage image(int offset, byte[] file) {
        return new StoredImage(new ImageOffset(0, offset), offset, "", "", file);
    }

    /** A structure of 5792×5792 pixels without data for them: the gate does not unpack it. */
    private static byte[] largePng() {
        return ByteBuffer.allocate(8 + 25 + 12 + 12)
                .put("\u0089PNG\r\n\u001a\n".getBytes(StandardCharsets.ISO_8859_1))
                .putInt(13)
                .put("IHDR".getBytes(StandardCharsets.ISO_8859_1))
                .putInt(5792)
                .putInt(5792)
                .put(new byte[] {8, 2, 0, 0, 0})
                .putInt(0)
                .putInt(0)
                .put("IDAT".getBytes(StandardCharsets.ISO_8859_1))
                .putInt(0)
                .putInt(0)
                .put("IEND".getBytes(StandardCharsets.ISO_8859_1))
                .putInt(0)
                .array();
    }

    static byte[] jpeg(Random random, int width, int height) throws IOException {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < width * height; i++) {
            image.setRGB(i % width, i / width, random.nextInt(1 << 24));
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ImageIO.write(image, "jpg", out);
        return out.toByteArray();
    }
}
