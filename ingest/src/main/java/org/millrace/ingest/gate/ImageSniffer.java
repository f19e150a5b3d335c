package org.millrace.ingest.gate;

import org.millrace.contract.config.ImagesConfig;
import org.millrace.contract.image.ImageFormat;
import org.millrace.contract.image.ImageGate;
import org.millrace.contract.image.UnsoundImageException;
import org.millrace.ingest.source.Content;

/** Judges a pushed file without decoding it: its size, and its structure and whether its data is whole by {@link ImageGate}. */
final class ImageSniffer {
    private ImageSniffer() {}

    static Verdict judge(Content content, ImagesConfig images) {
        if (content.size() > images.maxBytes()) {
            return new Rejection(Rejection.Kind.TOO_LARGE, images.tooLarge(content.size(), content.sizeKnown()));
        }
        byte[] bytes = content.bytes();
        try {
            return new Accepted(
                    ImageGate.judgeWhole(bytes, images.maxPixels()).format().contentType());
        } catch (UnsoundImageException e) {
            Rejection.Kind kind = bytes.length == 0
                    ? Rejection.Kind.EMPTY
                    : ImageFormat.of(bytes).isEmpty() ? Rejection.Kind.NOT_AN_IMAGE : Rejection.Kind.UNSOUND;
            return new Rejection(kind, e.reason());
        }
    }
}
