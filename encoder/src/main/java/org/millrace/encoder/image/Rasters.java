package org.millrace.encoder.image;

import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.DataBufferByte;
import java.awt.image.DirectColorModel;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import org.millrace.contract.image.SoundImage.Colours;

/** A decoder's raster as planes of bytes: the samples as stored, the upper byte of 16 bits, without alpha. */
final class Rasters {
    private Rasters() {}

    static boolean isGrey(BufferedImage image) {
        return image.getColorModel().getColorSpace().getType() == ColorSpace.TYPE_GRAY;
    }

    /** One plane. Read from the raster: getRGB would change the values by the grey colour space's gamma. */
    static byte[] grey(BufferedImage image) {
        byte[] grey = new byte[image.getWidth() * image.getHeight()];
        int bits = image.getColorModel().getComponentSize(0);
        int scale = bits < 8 ? 255 / ((1 << bits) - 1) : 1;
        putBand(image.getRaster(), 0, scale, grey, 0);
        return grey;
    }

    /** Three planes. */
    static byte[] rgb(BufferedImage image) {
        if (image.getType() == BufferedImage.TYPE_3BYTE_BGR) {
            return fromBgr(image);
        }
        if (image.getColorModel() instanceof DirectColorModel model && model.getPixelSize() == 16) {
            return fromMasks(image.getRaster());
        }
        if (image.getColorModel() instanceof IndexColorModel model) {
            return fromPalette(image.getRaster(), model);
        }
        boolean stored = image.getColorModel() instanceof ComponentColorModel model
                && model.getNumColorComponents() == 3
                && model.getComponentSize(0) >= 8;
        return stored ? fromBands(image.getRaster()) : fromAny(image);
    }

    /** Three planes of four components, as Pillow's {@code convert("RGB")} of a CMYK JPEG. */
    static byte[] rgbOfFour(Raster raster, Colours colours) {
        int width = raster.getWidth();
        int plane = width * raster.getHeight();
        byte[] rgb = new byte[3 * plane];
        int[] row = new int[4 * width];
        for (int y = 0; y < raster.getHeight(); y++) {
            raster.getPixels(0, y, width, 1, row);
            for (int x = 0; x < width; x++) {
                if (colours == Colours.YCCK) {
                    toCmy(row, 4 * x);
                }
                int black = row[4 * x + 3];
                for (int c = 0; c < 3; c++) {
                    int product = (255 - row[4 * x + c]) * black + 128;
                    rgb[c * plane + y * width + x] = (byte) (black - (((product >> 8) + product) >> 8));
                }
            }
        }
        return rgb;
    }

    /** libjpeg's ycck_cmyk_convert: 255 − RGB of the first three. */
    private static void toCmy(int[] row, int at) {
        int luma = row[at];
        int blue = row[at + 1] - 128;
        int red = row[at + 2] - 128;
        row[at] = clip(255 - (luma + ((91_881 * red + 32_768) >> 16)));
        row[at + 1] = clip(255 - (luma + ((-22_554 * blue - 46_802 * red + 32_768) >> 16)));
        row[at + 2] = clip(255 - (luma + ((116_130 * blue + 32_768) >> 16)));
    }

    private static int clip(int value) {
        return Math.max(0, Math.min(255, value));
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

    /** Samples of fewer than 8 bits as Pillow widens them: rounded down, where getRGB rounds to the nearest. */
    private static byte[] fromMasks(Raster raster) {
        int width = raster.getWidth();
        int plane = width * raster.getHeight();
        byte[] rgb = new byte[3 * plane];
        int[] row = new int[width];
        for (int c = 0; c < 3; c++) {
            int most = (1 << raster.getSampleModel().getSampleSize(c)) - 1;
            for (int y = 0; y < raster.getHeight(); y++) {
                raster.getSamples(0, y, width, 1, c, row);
                for (int x = 0; x < width; x++) {
                    rgb[c * plane + y * width + x] = (byte) (most == 0 ? 0 : row[x] * 255 / most);
                }
            }
        }
        return rgb;
    }

    private static byte[] fromBands(Raster raster) {
        int plane = raster.getWidth() * raster.getHeight();
        byte[] rgb = new byte[3 * plane];
        for (int c = 0; c < 3; c++) {
            putBand(raster, c, 1, rgb, c * plane);
        }
        return rgb;
    }

    private static void putBand(Raster raster, int band, int scale, byte[] target, int from) {
        int shift = DataBuffer.getDataTypeSize(raster.getTransferType()) == 16 ? 8 : 0;
        int width = raster.getWidth();
        int[] row = new int[width];
        for (int y = 0; y < raster.getHeight(); y++) {
            raster.getSamples(0, y, width, 1, band, row);
            for (int x = 0; x < width; x++) {
                target[from + y * width + x] = (byte) ((row[x] >> shift) * scale);
            }
        }
    }

    /** As getRGB would, which looks every pixel up by several calls. */
    private static byte[] fromPalette(Raster raster, IndexColorModel model) {
        int[] colours = new int[1 << model.getPixelSize()];
        for (int i = 0; i < colours.length; i++) {
            colours[i] = model.getRGB(i);
        }
        int width = raster.getWidth();
        int plane = width * raster.getHeight();
        int[] row = new int[width];
        byte[] rgb = new byte[3 * plane];
        for (int y = 0; y < raster.getHeight(); y++) {
            raster.getSamples(0, y, width, 1, 0, row);
            for (int x = 0; x < width; x++) {
                int colour = colours[row[x]];
                int at = y * width + x;
                rgb[at] = (byte) (colour >> 16);
                rgb[plane + at] = (byte) (colour >> 8);
                rgb[2 * plane + at] = (byte) colour;
            }
        }
        return rgb;
    }

    private static byte[] fromAny(BufferedImage image) {
        int width = image.getWidth();
        int plane = width * image.getHeight();
        int[] packed = new int[width];
        byte[] rgb = new byte[3 * plane];
        for (int y = 0; y < image.getHeight(); y++) {
            image.getRGB(0, y, width, 1, packed, 0, width);
            for (int x = 0; x < width; x++) {
                int at = y * width + x;
                rgb[at] = (byte) (packed[x] >> 16);
                rgb[plane + at] = (byte) (packed[x] >> 8);
                rgb[2 * plane + at] = (byte) packed[x];
            }
        }
        return rgb;
    }
}
