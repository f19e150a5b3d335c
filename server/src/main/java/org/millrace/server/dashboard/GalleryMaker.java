package org.millrace.server.dashboard;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.millrace.contract.Count;
import org.millrace.contract.config.EncoderConfig;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.OffsetRange;
import org.millrace.contract.event.StepPlan;
import org.millrace.encoder.image.ImageDecoder;
import org.millrace.encoder.image.Pixels;
import org.millrace.encoder.image.UndecodableImageException;
import org.millrace.trainer.view.ViewMaker;
import org.millrace.trainer.view.Views;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The first images of a step with their two views, pixel for pixel as the trainer saw them. Not thread safe. */
final class GalleryMaker {
    private static final Logger log = LoggerFactory.getLogger(GalleryMaker.class);
    private static final int IMAGES = 8;
    /** Records read from the log to find enough images that decode. */
    private static final int RECORDS = 32;

    private GalleryMaker() {}

    /** Reads the first images of a range, at most so many. */
    interface Reading {
        List<StoredImage> first(OffsetRange range, int most);
    }

    /**
     * The gallery of a step, up to the first image that is too large to be decoded here: which place the ones behind it have in the batch
     * depends on whether it decodes. None of a step of which the gate skipped images: which ones, the plan does not say.
     *
     * @param settings of the run: how images are decoded, input size, augmentation and seed
     */
    static Sections.Gallery of(StepPlan plan, MillraceConfig settings, Reading stored) {
        if (plan.skipped() > 0) {
            String unknown = "the gate skipped " + Count.of(plan.skipped(), "image") + " of step " + plan.step()
                    + "; only the trainer knows which ones, so its views are not shown";
            return new Sections.Gallery(plan.step(), List.of(), unknown, "");
        }
        OffsetRange range = plan.ranges().get(0);
        EncoderConfig input = settings.encoder();
        BoundedDecoding decoding = new BoundedDecoding(
                new ImageDecoder(input.channels(), settings.images().maxPixels(), ViewMaker.reduction(settings)),
                BoundedDecoding.FEW);
        Views views = new Views(settings);
        List<Sections.Viewed> images = new ArrayList<>();
        for (StoredImage image : stored.first(range, RECORDS)) {
            if (images.size() == IMAGES) {
                break;
            }
            try {
                Optional<Pixels> pixels = decoding.decode(image.file());
                if (pixels.isEmpty()) {
                    break;
                }
                images.add(viewed(
                        image, pixels.get(), views, plan.step(), images.size(), input)); // its place in the batch
            } catch (UndecodableImageException e) {
                log.debug("{} has no place in the batch", image.name(), e); // the page lists it among the rejects
            }
        }
        boolean cut = decoding.leftOut() > 0;
        String problem = cut
                ? "the first image of step " + plan.step() + " is too large to decode here"
                : "the images of step " + plan.step() + " are no longer in the log";
        return new Sections.Gallery(
                plan.step(),
                images,
                images.isEmpty() ? problem : "",
                cut ? images.size() + " of its first " + IMAGES + " images: the next is too large to decode here" : "");
    }

    private static Sections.Viewed viewed(
            StoredImage image, Pixels pixels, Views views, long step, int index, EncoderConfig input) {
        int size = input.height() * input.width() * input.channels();
        FloatBuffer first = FloatBuffer.allocate(size);
        FloatBuffer second = FloatBuffer.allocate(size);
        views.make(pixels, step, index, List.of(first, second));
        return new Sections.Viewed(
                image.name(),
                image.source(),
                image.label(),
                Png.dataUri(Png.of(pixels)),
                Png.dataUri(Png.ofInput(input, first.rewind())),
                Png.dataUri(Png.ofInput(input, second.rewind())));
    }
}
