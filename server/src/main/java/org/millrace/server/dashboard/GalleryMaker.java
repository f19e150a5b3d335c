package org.millrace.server.dashboard;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import org.millrace.contract.config.EncoderConfig;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.OffsetRange;
import org.millrace.contract.event.StepPlan;
import org.millrace.encoder.image.ImageDecoder;
import org.millrace.encoder.image.Pixels;
import org.millrace.encoder.image.UndecodableImageException;
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

    /** @param settings of the run: input size, augmentation and seed */
    static Sections.Gallery of(StepPlan plan, MillraceConfig settings, StoredImages stored) {
        OffsetRange range = plan.ranges().get(0);
        EncoderConfig input = settings.encoder();
        ImageDecoder decoder =
                new ImageDecoder(input.channels(), settings.images().maxPixels());
        Views views = new Views(settings);
        int size = input.height() * input.width() * input.channels();
        List<Sections.Viewed> images = new ArrayList<>();
        for (StoredImage image : stored.first(range, RECORDS)) {
            if (images.size() == IMAGES) {
                break;
            }
            try {
                Pixels pixels = decoder.decode(image.file());
                FloatBuffer first = FloatBuffer.allocate(size);
                FloatBuffer second = FloatBuffer.allocate(size);
                views.make(pixels, plan.step(), images.size(), List.of(first, second)); // its place in the batch
                images.add(new Sections.Viewed(
                        image.name(),
                        image.source(),
                        image.label(),
                        Png.dataUri(Png.of(pixels)),
                        Png.dataUri(Png.ofInput(input, first.rewind())),
                        Png.dataUri(Png.ofInput(input, second.rewind()))));
            } catch (UndecodableImageException e) {
                log.debug("{} has no place in the batch", image.name(), e); // the page lists it among the rejects
            }
        }
        return new Sections.Gallery(
                plan.step(),
                images,
                images.isEmpty() ? "the images of step " + plan.step() + " are no longer in the log" : "");
    }
}
