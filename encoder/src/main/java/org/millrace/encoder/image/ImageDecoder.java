package org.millrace.encoder.image;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import org.millrace.contract.image.ImageFormat;
import org.millrace.contract.image.ImageGate;
import org.millrace.contract.image.SoundImage;
import org.millrace.contract.image.SoundImage.Colours;
import org.millrace.contract.image.SoundImage.Frame;
import org.millrace.contract.image.UnsoundImageException;

/**
 * Encoded files (JPEG, PNG, GIF, BMP, WebP) to pixels: judge → reduce → decode → planes. The first frame, without alpha, as libjpeg and
 * Pillow decode it: colour profiles, gamma and orientation are ignored in every format. Not thread safe: it reuses its readers; one per
 * thread.
 *
 * <p>Memory and work are bounded by the image's structure first, then by {@link BoundedInput}. All decoders of the process
 * together use at most half of the heap; one that finds too little left waits.
 */
public final class ImageDecoder {
    private static final int MAX_PIXELS = 32 << 20;

    /** libjpeg's warning for a truncated file; the JDK's reader fills the rest with grey and only warns. */
    private static final String PIXELS_MISSING = "premature end of data";

    private static final byte MARKER = (byte) 0xff;
    private static final byte END_OF_IMAGE = (byte) 0xd9;

    private static final long HEAP = Runtime.getRuntime().maxMemory();
    private static final long MUCH = HEAP / 16;
    private static final long MOST = HEAP / 2;
    private static final int KILO = 1024;
    private static final Semaphore MEMORY = new Semaphore((int) (MOST / KILO), true); // kilobytes

    private final int channels;
    private final int maxPixels;
    private final Reduction reduction;
    private final Optional<ReducedJpeg> reducedJpeg;
    private final Map<ImageFormat, List<ImageReader>> readers = new EnumMap<>(ImageFormat.class);
    private boolean pixelsMissing;

    /** @param channels 1 turns every image grey, 3 makes every image RGB */
    public ImageDecoder(int channels) {
        this(channels, MAX_PIXELS);
    }

    /** @param maxPixels larger images are refused before a pixel of them is decoded */
    public ImageDecoder(int channels, int maxPixels) {
        this(channels, maxPixels, Reduction.NONE);
    }

    /**
     * @param maxPixels larger images are refused before a pixel of them is decoded
     * @param reduction how small JPEGs may become; those of four colours, and those that libjpeg finds odd, keep their size
     */
    public ImageDecoder(int channels, int maxPixels, Reduction reduction) {
        this.channels = channels;
        this.maxPixels = maxPixels;
        this.reduction = reduction;
        this.reducedJpeg = reduction.equals(Reduction.NONE) ? Optional.empty() : Optional.of(new ReducedJpeg());
    }

    /** The file's pixels; the reason for a refusal depends only on its bytes and the heap's size. */
    public Pixels decode(byte[] file) throws UndecodableImageException {
        return decode(judge(file));
    }

    /** The pixels of an image that {@link ImageGate} has accepted under the same limit. */
    public Pixels decode(SoundImage image) throws UndecodableImageException {
        long memory = memory(image);
        if (memory > MOST) {
            throw new UndecodableImageException(
                    "too large: to decode %d×%d of this %s takes up to %d MB, and half of Java's heap is %d MB"
                            .formatted(
                                    image.width(),
                                    image.height(),
                                    image.format().label(),
                                    memory >> 20,
                                    MOST >> 20));
        }
        byte[] reduced = image.reduced();
        // only a lossless WebP declares tables of which its structure says nothing: up to 65,536 groups of five
        boolean tables = image.format() == ImageFormat.WEBP && reduced[15] == 'L';
        long allowance = memory <= MUCH ? MUCH : MOST;
        int kilobytes = (int) (Math.min(MOST, (tables ? allowance : memory) + KILO) / KILO);
        MEMORY.acquireUninterruptibly(kilobytes);
        try {
            Optional<Pixels> small = small(image, reduced);
            return small.isPresent() ? small.get() : decode(image, reduced, tables ? allowance : Long.MAX_VALUE);
        } finally {
            MEMORY.release(kilobytes);
        }
    }

    /** The verdict of {@link ImageGate} under this decoder's limit. */
    public SoundImage judge(byte[] file) throws UndecodableImageException {
        try {
            return ImageGate.judge(file, maxPixels);
        } catch (UnsoundImageException e) {
            throw new UndecodableImageException(e.reason());
        }
    }

    /** Bytes of the heap that decoding this image takes. */
    private static long memory(SoundImage image) {
        long fourthComponent = image.colours() == Colours.AS_STORED ? 0 : 2;
        long forEachPixel = image.format().heapBytesPerPixel() + fourthComponent;
        return forEachPixel * image.width() * image.height();
    }

    private Optional<Pixels> small(SoundImage image, byte[] reduced) {
        // of a file that is cut libjpeg would complain on standard error
        boolean whole = reduced[reduced.length - 1] == END_OF_IMAGE && reduced[reduced.length - 2] == MARKER;
        if (image.format() != ImageFormat.JPEG || image.colours() != Colours.AS_STORED || !whole) {
            return Optional.empty();
        }
        int divisor = reduction.divisor(image.width(), image.height());
        int width = Reduction.divided(image.width(), divisor);
        int height = Reduction.divided(image.height(), divisor);
        return reducedJpeg
                .filter(reader -> divisor > 1)
                .flatMap(reader -> reader.read(reduced, divisor))
                .filter(pixels -> pixels.width() == width && pixels.height() == height)
                .map(pixels -> pixels.channels() == 1
                        ? replicated(pixels.values(), height, width)
                        : ofRgb(pixels.values(), height, width));
    }

    /** @param allowance bytes that may be allocated while the file is read */
    private Pixels decode(SoundImage image, byte[] reduced, long allowance) throws UndecodableImageException {
        String format = image.format().label();
        String problem = "no decoder for " + format;
        for (ImageReader reader : readers.computeIfAbsent(image.format(), this::newReaders)) {
            boolean begun = false;
            try (BoundedInput input = new BoundedInput(reduced, allowance)) {
                reader.setInput(input, true, true);
                requireSize(reader, image.frame());
                begun = true;
                pixelsMissing = false;
                Pixels pixels = pixels(reader, image);
                if (pixelsMissing) {
                    throw new UndecodableImageException("damaged " + format + ": " + DecoderWords.SHORT);
                }
                return onCanvas(pixels, image);
            } catch (IOException | RuntimeException e) {
                problem = "damaged " + format + ": " + DecoderWords.of(e);
                if (begun) { // another reader would get no further
                    break;
                }
            } finally {
                reader.setInput(null);
            }
        }
        throw new UndecodableImageException(problem);
    }

    /** The size that the decoder reads must be the size that was judged. */
    private static void requireSize(ImageReader reader, Frame frame) throws IOException {
        if (reader.getWidth(0) != frame.width() || reader.getHeight(0) != frame.height()) {
            throw new IOException("its size is read as %d×%d and as %d×%d"
                    .formatted(frame.width(), frame.height(), reader.getWidth(0), reader.getHeight(0)));
        }
    }

    /** The JDK's own reader first, which is the fastest, then those that accept unusual files. */
    private List<ImageReader> newReaders(ImageFormat format) {
        List<ImageReader> found = new ArrayList<>();
        for (Iterator<ImageReader> all = ImageIO.getImageReadersByFormatName(format.label()); all.hasNext(); ) {
            ImageReader reader = all.next();
            reader.addIIOReadWarningListener((source, warning) -> pixelsMissing |= warning.contains(PIXELS_MISSING));
            found.add(reader);
        }
        found.sort(Comparator.comparing(reader -> !reader.getClass().getName().startsWith("com.sun.imageio")));
        return found;
    }

    private Pixels pixels(ImageReader reader, SoundImage image) throws IOException {
        int width = image.frame().width();
        int height = image.frame().height();
        if (image.colours() != Colours.AS_STORED) {
            return ofRgb(Rasters.rgbOfFour(reader.readRaster(0, null), image.colours()), height, width);
        }
        BufferedImage read = reader.read(0);
        return Rasters.isGrey(read)
                ? replicated(Rasters.grey(read), height, width)
                : ofRgb(Rasters.rgb(read), height, width);
    }

    private Pixels ofRgb(byte[] rgb, int height, int width) {
        return channels == 3 ? new Pixels(3, height, width, rgb) : new Pixels(1, height, width, luma(rgb));
    }

    private Pixels replicated(byte[] grey, int height, int width) {
        if (channels == 1) {
            return new Pixels(1, height, width, grey);
        }
        byte[] rgb = new byte[3 * grey.length];
        for (int c = 0; c < 3; c++) {
            System.arraycopy(grey, 0, rgb, c * grey.length, grey.length);
        }
        return new Pixels(3, height, width, rgb);
    }

    /** The frame in its place, where it does not cover the canvas. */
    private Pixels onCanvas(Pixels frame, SoundImage image) {
        if (image.frameCoversCanvas()) {
            return frame;
        }
        int plane = image.width() * image.height();
        int colour = image.background();
        byte[] beside = ofRgb(new byte[] {(byte) (colour >> 16), (byte) (colour >> 8), (byte) colour}, 1, 1)
                .values();
        byte[] canvas = new byte[channels * plane];
        for (int c = 0; c < channels; c++) {
            Arrays.fill(canvas, c * plane, (c + 1) * plane, beside[c]);
            for (int y = 0; y < frame.height(); y++) {
                System.arraycopy(
                        frame.values(),
                        (c * frame.height() + y) * frame.width(),
                        canvas,
                        c * plane
                                + (image.frame().y() + y) * image.width()
                                + image.frame().x(),
                        frame.width());
            }
        }
        return new Pixels(channels, image.height(), image.width(), canvas);
    }

    // ITU-R 601-2, as PIL's convert("L")
    private static byte[] luma(byte[] rgb) {
        int plane = rgb.length / 3;
        byte[] grey = new byte[plane];
        for (int i = 0; i < plane; i++) {
            int sum = 19595 * (rgb[i] & 0xff) + 38470 * (rgb[plane + i] & 0xff) + 7471 * (rgb[2 * plane + i] & 0xff);
            grey[i] = (byte) ((sum + 0x8000) >> 16);
        }
        return grey;
    }
}
