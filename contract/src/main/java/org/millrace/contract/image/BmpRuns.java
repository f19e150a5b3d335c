package org.millrace.contract.image;

import org.millrace.contract.image.SoundImage.Part;

/** Counts a run-length BMP's pixels, and refuses a file whose data ends before its last pixel and before the code that ends the image. */
final class BmpRuns {
    private static final int END_OF_ROW = 0;
    private static final int END_OF_IMAGE = 1;
    private static final int MOVE = 2;

    private BmpRuns() {}

    /** @param pixelsOfAByte 1 for runs of 8 bits, 2 for those of 4 */
    static void check(SoundImage image, Part data, int pixelsOfAByte) throws UnsoundImageException {
        FileBytes bytes = new FileBytes(data.bytes(), image.format().label());
        long x = 0;
        long y = 0;
        int at = data.from();
        while (at + 1 < data.to()) {
            int count = bytes.uint8(at);
            int value = bytes.uint8(at + 1);
            at += 2;
            if (count > 0) {
                x += count;
            } else if (value == END_OF_IMAGE) {
                return;
            } else if (value == END_OF_ROW) {
                x = 0;
                y++;
            } else if (value == MOVE) {
                if (at + 1 >= data.to()) {
                    break;
                }
                x += bytes.uint8(at);
                y += bytes.uint8(at + 1);
                at += 2;
            } else {
                int length = (value + pixelsOfAByte - 1) / pixelsOfAByte;
                at += length + (length & 1); // padded to whole words
                if (at - (length & 1) > data.to()) {
                    break;
                }
                x += value;
            }
        }
        if (y < image.height() - 1 || (y == image.height() - 1 && x < image.width())) {
            throw bytes.damaged(UnsoundImageException.SHORT);
        }
    }
}
