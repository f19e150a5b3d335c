package org.millrace.ingest.local;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.millrace.contract.UserException;
import org.millrace.contract.config.ImagesConfig;
import org.millrace.ingest.gate.Rejection;
import org.millrace.ingest.label.Labels;

/** Reads labelled images from files into this process, from the same sources as a push and with the same labels; none goes to Kafka. */
public final class LabelledFiles {
    private LabelledFiles() {}

    /** One image with its label; the id is the one that a push would give it. */
    @SuppressWarnings("ArrayRecordComponent")
    public record Image(String id, String label, byte[] file) {}

    /**
     * Hands on every labelled image of the paths, in their order.
     *
     * @param images what is larger than it allows is left out
     * @return how many files were left out for each reason, in words
     * @throws UserException if a source or its labels cannot be read
     */
    public static Map<String, Long> read(
            List<String> paths, Labels labels, ImagesConfig images, Consumer<Image> taker) {
        Map<String, Long> leftOut = new TreeMap<>();
        ImageFiles.read(paths, labels, images, new ImageFiles.Taker() {
            @Override
            public void image(ImageFiles.Image image) {
                image.label()
                        .ifPresentOrElse(
                                label -> taker.accept(new Image(image.id(), label, image.file())),
                                () -> leftOut.merge(Rejection.Kind.NO_LABEL.words(), 1L, Long::sum));
            }

            @Override
            public void leftOut(String position, String kind, String reason) {
                leftOut.merge(kind, 1L, Long::sum);
            }
        });
        return leftOut;
    }
}
