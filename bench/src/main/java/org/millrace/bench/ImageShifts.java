package org.millrace.bench;

import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import java.util.zip.GZIPInputStream;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;

/** Ways in which a camera's images change; encoded image in, encoded image out. */
final class ImageShifts {
    private ImageShifts() {}

    /** Out of focus: a Gaussian blur of that many pixels, edges repeated. */
    static byte[] blurred(byte[] image, double sigma) {
        if (sigma == 0) {
            return image;
        }
        BufferedImage pixels = read(image);
        int reach = (int) Math.ceil(3 * sigma);
        double[] weights = new double[2 * reach + 1];
        double sum = 0;
        for (int i = -reach; i <= reach; i++) {
            weights[i + reach] = Math.exp(-i * i / (2 * sigma * sigma));
            sum += weights[i + reach];
        }
        for (int i = 0; i < weights.length; i++) {
            weights[i] /= sum;
        }
        return png(along(along(pixels, weights, true), weights, false));
    }

    /** Every value times {@code factor}. */
    static byte[] darkened(byte[] image, double factor) {
        BufferedImage pixels = read(image);
        for (int y = 0; y < pixels.getHeight(); y++) {
            for (int x = 0; x < pixels.getWidth(); x++) {
                pixels.setRGB(x, y, changed(pixels.getRGB(x, y), value -> value * factor));
            }
        }
        return png(pixels);
    }

    /** Compressed again as JPEG of that quality, 1 to 100. */
    static byte[] jpeg(byte[] image, int quality) {
        ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
        try (var out = new ByteArrayOutputStream();
                var stream = ImageIO.createImageOutputStream(out)) {
            ImageWriteParam parameters = writer.getDefaultWriteParam();
            parameters.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
            parameters.setCompressionQuality(quality / 100f);
            writer.setOutput(stream);
            writer.write(null, new IIOImage(read(image), null, null), parameters);
            stream.flush();
            return out.toByteArray();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            writer.dispose();
        }
    }

    /** The first images of a gzipped IDX file, as PNG. */
    static List<byte[]> idx(Path file, int most) throws IOException {
        List<byte[]> images = new ArrayList<>();
        try (var in = new DataInputStream(new GZIPInputStream(Files.newInputStream(file)))) {
            in.readInt();
            int count = Math.min(in.readInt(), most);
            int height = in.readInt();
            int width = in.readInt();
            for (int i = 0; i < count; i++) {
                var image = new BufferedImage(width, height, BufferedImage.TYPE_BYTE_GRAY);
                image.getRaster().setDataElements(0, 0, width, height, in.readNBytes(width * height));
                images.add(png(image));
            }
        }
        return images;
    }

    private static BufferedImage along(BufferedImage image, double[] weights, boolean rows) {
        int reach = weights.length / 2;
        var out = new BufferedImage(image.getWidth(), image.getHeight(), BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < image.getHeight(); y++) {
            for (int x = 0; x < image.getWidth(); x++) {
                double[] sums = new double[3];
                for (int i = -reach; i <= reach; i++) {
                    int column = Math.min(Math.max(rows ? x + i : x, 0), image.getWidth() - 1);
                    int row = Math.min(Math.max(rows ? y : y + i, 0), image.getHeight() - 1);
                    int rgb = image.getRGB(column, row);
                    for (int channel = 0; channel < 3; channel++) {
                        sums[channel] += weights[i + reach] * ((rgb >> (8 * channel)) & 0xff);
                    }
                }
                int rgb = 0;
                for (int channel = 0; channel < 3; channel++) {
                    rgb |= byteOf(sums[channel]) << (8 * channel);
                }
                out.setRGB(x, y, rgb);
            }
        }
        return out;
    }

    private static int changed(int rgb, DoubleUnaryOperator change) {
        int changed = 0;
        for (int channel = 0; channel < 3; channel++) {
            changed |= byteOf(change.applyAsDouble((rgb >> (8 * channel)) & 0xff)) << (8 * channel);
        }
        return changed;
    }

    private static int byteOf(double value) {
        return (int) Math.round(Math.min(Math.max(value, 0), 255));
    }

    private static BufferedImage read(byte[] image) {
        try {
            BufferedImage read = ImageIO.read(new ByteArrayInputStream(image));
            var colour = new BufferedImage(read.getWidth(), read.getHeight(), BufferedImage.TYPE_INT_RGB);
            Graphics2D graphics = colour.createGraphics();
            graphics.drawImage(read, 0, 0, null);
            graphics.dispose();
            return colour;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static byte[] png(BufferedImage image) {
        var out = new ByteArrayOutputStream();
        try {
            ImageIO.write(image, "png", out);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }
}
