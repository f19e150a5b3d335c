package org.millrace.server.dashboard;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.millrace.contract.Count;
import org.millrace.contract.ImageOffset;
import org.millrace.contract.config.EncoderConfig;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.OffsetRange;
import org.millrace.contract.event.StepImages;
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

    private final StepPlan plan;
    private final EncoderConfig input;
    private final BoundedDecoding decoding;
    private final Views views;
    private final Reading stored;
    private final List<Sections.Viewed> images = new ArrayList<>();

    /** Reads the first images of a range, at most so many. */
    interface Reading {
        List<StoredImage> first(OffsetRange range, int most);
    }

    private GalleryMaker(StepPlan plan, MillraceConfig settings, Reading stored) {
        this.plan = plan;
        this.input = settings.encoder();
        this.decoding = new BoundedDecoding(
                new ImageDecoder(input.channels(), settings.images().maxPixels(), ViewMaker.reduction(settings)),
                BoundedDecoding.FEW);
        this.views = new Views(settings);
        this.stored = stored;
    }

    /**
     * The gallery of a step, up to the first image that is too large to be decoded here: which place the ones behind it have in the batch
     * depends on whether it decodes. Where the gate skipped images, or second views come from other frames, it shows the images that the
     * trainer has named.
     *
     * @param settings of the run: how images are decoded, input size, augmentation and seed
     */
    static Sections.Gallery of(RunView.FreshStep step, MillraceConfig settings, Reading stored) {
        StepPlan plan = step.plan();
        Optional<StepImages> said = step.images().filter(images -> plan.skipped() > 0 || images.otherFrames() > 0);
        if (plan.skipped() > 0 && said.isEmpty()) {
            String unknown = "the gate skipped " + Count.of(plan.skipped(), "image") + " of step " + plan.step()
                    + "; only the trainer knows which ones, so its views are not shown";
            return new Sections.Gallery(plan.step(), List.of(), unknown, "");
        }
        GalleryMaker maker = new GalleryMaker(plan, settings, stored);
        said.ifPresentOrElse(images -> maker.named(images.first()), maker::firstOfTheRange);
        return maker.gallery(said.map(images -> images.first().size()).orElse(IMAGES));
    }

    // those that decode are the first of the batch
    private void firstOfTheRange() {
        for (StoredImage image : stored.first(plan.ranges().get(0), RECORDS)) {
            if (images.size() == IMAGES) {
                break;
            }
            try {
                Optional<Pixels> pixels = decoding.decode(image.file());
                if (pixels.isEmpty()) {
                    break;
                }
                add(image, pixels.get(), pixels.get(), "");
            } catch (UndecodableImageException e) {
                log.debug("{} has no place in the batch", image.name(), e); // the page lists it among the rejects
            }
        }
    }

    private void named(List<StepImages.Trained> trained) {
        for (StepImages.Trained one : trained) {
            Optional<StoredImage> image = at(one.at());
            Optional<Pixels> own = image.flatMap(this::pixels);
            Optional<StoredImage> other = one.second().flatMap(this::at);
            Optional<Pixels> second = one.second().isEmpty() ? own : other.flatMap(this::pixels);
            if (own.isEmpty() || second.isEmpty()) {
                break;
            }
            add(
                    image.orElseThrow(),
                    own.get(),
                    second.get(),
                    other.map(StoredImage::name).orElse(""));
        }
    }

    private Optional<StoredImage> at(ImageOffset at) {
        return stored.first(new OffsetRange(at.partition(), at.offset(), at.offset() + 1), 1).stream()
                .findFirst();
    }

    private Optional<Pixels> pixels(StoredImage image) {
        try {
            return decoding.decode(image.file());
        } catch (UndecodableImageException e) {
            log.debug("{} was trained and does not decode here", image.name(), e);
            return Optional.empty();
        }
    }

    private Sections.Gallery gallery(int wanted) {
        boolean cut = decoding.leftOut() > 0;
        String problem = cut
                ? "the first image of step " + plan.step() + " is too large to decode here"
                : "the images of step " + plan.step() + " are no longer in the log";
        return new Sections.Gallery(
                plan.step(),
                images,
                images.isEmpty() ? problem : "",
                cut ? images.size() + " of its first " + wanted + " images: the next is too large to decode here" : "");
    }

    // its place in the list is its place in the batch
    private void add(StoredImage image, Pixels own, Pixels second, String secondFrom) {
        int index = images.size();
        images.add(new Sections.Viewed(
                image.name(),
                image.source(),
                image.label(),
                Png.dataUri(Png.of(own)),
                view(0, own, index),
                view(Views.SECOND, second, index),
                secondFrom));
    }

    private String view(int view, Pixels pixels, int index) {
        FloatBuffer values = FloatBuffer.allocate(input.height() * input.width() * input.channels());
        views.make(view, pixels, plan.step(), index, values);
        return Png.dataUri(Png.ofInput(input, values.rewind()));
    }
}
