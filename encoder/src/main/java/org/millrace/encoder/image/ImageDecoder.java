package org.millrace.encoder.image;

import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.DataBuffer;
import java.awt.image.DataBufferByte;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * Encoded files (JPEG, PNG, GIF, BMP, WebP) to pixels: the first frame, without alpha. Not thread safe: it reuses its readers; one
 * per thread.
 */
public final class ImageDecoder {
    private static final int MAX_PIXELS = 32 << 20;

    /** libjpeg's words where a file ends or breaks off early; the JDK's reader fills the rest with grey and only warns. */
    private static final String PIXELS_MISSING = "premature end of data";

    private final int channels;
    private final int maxPixels;
    private final Map<String, List<ImageReader>> readers = new HashMap<>();
    private boolean pixelsMissing;

    /** @param channels 1 turns every image grey, 3 makes every image RGB */
    public ImageDecoder(int channels) {
        this(channels, MAX_PIXELS);
    }

    /** @param maxPixels larger images are refused before a pixel of them is decoded */
    public ImageDecoder(int channels, int maxPixels) {
        this.channels = channels;
        this.maxPixels = maxPixels;
    }

    public Pixels decode(byte[] file) throws UndecodableImageException {
        String format = format(file)
                .orElseThrow(() -> new UndecodableImageException(
                        file.length == 0 ? "empty" : "not a JPEG, PNG, GIF, BMP or WebP image"));
        String problem = "no decoder for " + format;
        for (ImageReader reader : readers.computeIfAbsent(format, this::newReaders)) {
            try (ImageInputStream input = new MemoryCacheImageInputStream(new ByteArrayInputStream(file))) {
                reader.setInput(input, true, true);
                refuseTooLarge(reader.getWidth(0), reader.getHeight(0));
                pixelsMissing = false;
                BufferedImage image = reader.read(0);
                if (pixelsMissing) {
                    throw new UndecodableImageException("damaged " + format + ": it ends before its last pixel");
                }
                return pixels(image);
            } catch (IOException | RuntimeException e) {
                problem = "damaged " + format + ": " + firstLine(e);
            } catch (OutOfMemoryError | StackOverflowError e) { // of what a damaged file claims, not of its pixels
                problem = "damaged " + format + ": it asks for more memory than there is";
            } finally {
                reader.setInput(null);
            }
        }
        throw new UndecodableImageException(problem);
    }

    private void refuseTooLarge(int width, int height) throws UndecodableImageException {
        if ((long) width * height > maxPixels) {
            throw new UndecodableImageException(
                    "too large: " + width + "×" + height + " is more than " + maxPixels + " pixels");
        }
    }

    private static Optional<String> format(byte[] file) {
        if (startsWith(file, 0, 0xff, 0xd8, 0xff)) {
            return Optional.of("jpeg");
        } else if (startsWith(file, 0, 0x89, 'P', 'N', 'G')) {
            return Optional.of("png");
        } else if (startsWith(file, 0, 'G', 'I', 'F', '8')) {
            return Optional.of("gif");
        } else if (startsWith(file, 0, 'R', 'I', 'F', 'F') && startsWith(file, 8, 'W', 'E', 'B', 'P')) {
            return Optional.of("webp");
        } else if (startsWith(file, 0, 'B', 'M')) {
            return Optional.of("bmp");
        }
        return Optional.empty();
    }

    private static boolean startsWith(byte[] file, int at, int... magic) {
        if (file.length < at + magic.length) {
            return false;
        }
        for (int i = 0; i < magic.length; i++) {
            if ((file[at + i] & 0xff) != magic[i]) {
                return false;
            }
        }
        return true;
    }

    /** The JDK's own reader first, which is the fastest; then those that take odd files. */
    private List<ImageReader> newReaders(String format) {
        List<ImageReader> found = new ArrayList<>();
        for (Iterator<ImageReader> all = ImageIO.getImageReadersByFormatName(format); all.hasNext(); ) {
            ImageReader reader = all.next();
            reader.addIIOReadWarningListener((source, warning) -> pixelsMissing |= warning.contains(PIXELS_MISSING));
            found.add(reader);
        }
        found.sort(Comparator.comparing(reader -> !reader.getClass().getName().startsWith("com.sun.imageio")));
        return found;
    }

    private Pixels pixels(BufferedImage image) {
        int width = image.getWidth();
        int height = image.getHeight();
        if (image.getColorModel().getColorSpace().getType() == ColorSpace.TYPE_GRAY) {
            return replicated(grey(image), height, width);
        }
        byte[] rgb = image.getType() == BufferedImage.TYPE_3BYTE_BGR ? fromBgr(image) : fromAny(image);
        return channels == 3 ? new Pixels(3, height, width, rgb) : new Pixels(1, height, width, luma(rgb));
    }

    // Read from the raster: getRGB would change the values by the grey colour space's gamma.
    private static byte[] grey(BufferedImage image) {
        Raster raster = image.getRaster();
        int shift = DataBuffer.getDataTypeSize(raster.getTransferType()) == 16 ? 8 : 0;
        int bits = image.getColorModel().getComponentSize(0);
        int scale = bits < 8 ? 255 / ((1 << bits) - 1) : 1;
        int[] samples = raster.getSamples(0, 0, image.getWidth(), image.getHeight(), 0, (int[]) null);
        byte[] grey = new byte[samples.length];
        for (int i = 0; i < grey.length; i++) {
            grey[i] = (byte) ((samples[i] >> shift) * scale);
        }
        return grey;
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

    private static byte[] fromBgr(BufferedImage image) {
        byte[] bgr = ((DataBufferByte) image.getRaster().getDataBuffer()).getData();
        int plane = image.getWidth() * image.getHeight();
        byte[] rgb = new byte[3 * plane];
        for (int i = 0; i < plane; i++) {
            rgb[i] = bgr[3 * i + 2];
            rgb[plane + i] = bgr[3 * i + 1];
            rgb[2 * plane + i] = bgr[3 * i];
        }
        return rgb;
    }

    private static byte[] fromAny(BufferedImage image) {
        int plane = image.getWidth() * image.getHeight();
        int[] packed = image.getRGB(0, 0, image.getWidth(), image.getHeight(), null, 0, image.getWidth());
        byte[] rgb = new byte[3 * plane];
        for (int i = 0; i < plane; i++) {
            rgb[i] = (byte) (packed[i] >> 16);
            rgb[plane + i] = (byte) (packed[i] >> 8);
            rgb[2 * plane + i] = (byte) packed[i];
        }
        return rgb;
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

    private static String firstLine(Exception e) {
        String message = e.getMessage();
        return message == null
                ? e.getClass().getSimpleName()
                : message.lines().findFirst().orElse("");
    }
}
