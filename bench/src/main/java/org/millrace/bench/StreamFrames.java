package org.millrace.bench;

import static org.millrace.contract.Check.check;

import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Random;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/** Draws the frames of clips from an image. The same for the same image, shot and seed. */
final class StreamFrames {
    private static final int PAN_PIXELS = 2;
    private static final int LEAST_PAN_FRAMES = 20;
    private static final double BRIGHTNESS = 0.15;
    private static final double BRIGHTNESS_MILLIS = 60_000;
    private static final float QUALITY = 0.95f;

    private final long seed;
    private final double noise;
    private final int size;

    /**
     * @param noise standard deviation, of 255, of what is added to each value of a clip's pixel
     * @param size of the window of {@code PAN} in pixels
     */
    StreamFrames(long seed, double noise, int size) {
        check(noise >= 0, "noise must not be negative, but was %s", noise);
        check(size >= 1, "size must be at least 1, but was %d", size);
        this.seed = seed;
        this.noise = noise;
        this.size = size;
    }

    /** The file of a shot: the image's own where it is not a clip, PNG of {@code CLIPS}, JPEG of {@code PAN}. */
    byte[] file(StreamKind kind, StreamKind.Shot shot, byte[] image) throws IOException {
        return switch (kind) {
            case SHUFFLED, BY_CLASS, RECURRING -> image;
            case CLIPS -> png(clip(decoded(image), shot));
            case PAN -> jpeg(window(decoded(image), shot));
        };
    }

    /** Moved by at most two pixels along a curve of the clip, brighter or darker with its camera's time, with noise. */
    private BufferedImage clip(BufferedImage image, StreamKind.Shot shot) {
        Random path = random(shot.image(), -1);
        double turns = 2 * Math.PI / (LEAST_PAN_FRAMES * (1 + path.nextDouble()));
        int dx = (int) Math.round(PAN_PIXELS * Math.sin(turns * shot.frame() + 2 * Math.PI * path.nextDouble()));
        int dy = (int) Math.round(PAN_PIXELS * Math.sin(0.7 * turns * shot.frame() + 2 * Math.PI * path.nextDouble()));
        double phase = 2 * Math.PI * random(-1, shot.camera()).nextDouble();
        double light = 1 + BRIGHTNESS * Math.sin(2 * Math.PI * shot.millis() / BRIGHTNESS_MILLIS + phase);
        Random grain = random(shot.image(), shot.frame());
        int width = image.getWidth();
        int height = image.getHeight();
        var frame = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int rgb = image.getRGB(clamped(x + dx, width), clamped(y + dy, height));
                int out = 0;
                for (int shift = 16; shift >= 0; shift -= 8) {
                    double value = light * (rgb >> shift & 0xff) + noise * grain.nextGaussian();
                    out = out << 8 | (int) Math.max(0, Math.min(255, Math.round(value)));
                }
                frame.setRGB(x, y, out);
            }
        }
        return frame;
    }

    /** A window that moves in a straight line from one place of the photograph to another; a smaller photograph is enlarged first. */
    private BufferedImage window(BufferedImage photograph, StreamKind.Shot shot) {
        double scale = Math.max(1, (double) size / Math.min(photograph.getWidth(), photograph.getHeight()));
        int width = Math.max(size, (int) Math.round(scale * photograph.getWidth()));
        int height = Math.max(size, (int) Math.round(scale * photograph.getHeight()));
        Random path = random(shot.image(), -1);
        double at = shot.frames() == 1 ? 0 : (double) shot.frame() / (shot.frames() - 1);
        int x = (int) Math.round((width - size) * between(path, at));
        int y = (int) Math.round((height - size) * between(path, at));
        var frame = new BufferedImage(size, size, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = frame.createGraphics();
        graphics.setRenderingHint(RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BILINEAR);
        graphics.drawImage(photograph, -x, -y, width, height, null);
        graphics.dispose();
        return frame;
    }

    /** A share of the way: from the first quarter of an axis to its last, or back. */
    private static double between(Random path, double at) {
        double from = path.nextDouble() / 4;
        double to = 1 - path.nextDouble() / 4;
        return path.nextBoolean() ? from + (to - from) * at : to + (from - to) * at;
    }

    private Random random(long image, long frame) {
        return new Random((seed * 0x9e3779b97f4a7c15L + image) * 0xbf58476d1ce4e5b9L + frame);
    }

    private static int clamped(int at, int length) {
        return Math.max(0, Math.min(length - 1, at));
    }

    private static BufferedImage decoded(byte[] file) throws IOException {
        BufferedImage image = ImageIO.read(new ByteArrayInputStream(file));
        if (image == null) {
            throw new IOException("an image of the set has a format that this program does not decode");
        }
        return image;
    }

    private static byte[] png(BufferedImage image) throws IOException {
        var bytes = new ByteArrayOutputStream();
        ImageIO.write(image, "png", bytes);
        return bytes.toByteArray();
    }

    private static byte[] jpeg(BufferedImage image) throws IOException {
        var writer = ImageIO.getImageWritersByFormatName("jpeg").next();
        var bytes = new ByteArrayOutputStream();
        try (var out = new MemoryCacheImageOutputStream(bytes)) {
            writer.setOutput(out);
            ImageWriteParam how = writer.getDefaultWriteParam();
            how.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
            how.setCompressionQuality(QUALITY);
            writer.write(null, new IIOImage(image, null, null), how);
        } finally {
            writer.dispose();
        }
        return bytes.toByteArray();
    }
}
