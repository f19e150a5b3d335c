package org.millrace.contract.image;

/**
 * The one gate for bytes: judges an image's structure before any decoder sees it. Every declared size is held against the file's
 * length and the most pixels allowed, and the work of decoding is bounded; whether the compressed data is right, the decoder finds out.
 * A verdict depends on the bytes and the limit alone.
 */
public final class ImageGate {
    private ImageGate() {}

    /**
     * The image's structure.
     *
     * @param maxPixels of the image, its canvas and its frame; decoding counts as at most 16 times as many samples
     * @throws UnsoundImageException where the bytes are no image, or may not be decoded
     */
    public static SoundImage judge(byte[] file, int maxPixels) throws UnsoundImageException {
        if (file.length == 0) {
            throw new UnsoundImageException("empty: it has no bytes");
        }
        ImageFormat format = ImageFormat.of(file)
                .orElseThrow(() -> new UnsoundImageException("not an image: " + ForeignBytes.describe(file)));
        return format.judge(new FileBytes(file, format.label()), new DecodingLimits(maxPixels));
    }

    /**
     * The structure of an image that is to enter a log: its compressed data must also reach its last pixel, so that a file that was cut is
     * refused where its sender hears of it. Costs a quarter of a JPEG's decoding, and of a PNG's a third to half.
     */
    public static SoundImage judgeWhole(byte[] file, int maxPixels) throws UnsoundImageException {
        SoundImage image = judge(file, maxPixels);
        image.format().checkData(image);
        return image;
    }
}
