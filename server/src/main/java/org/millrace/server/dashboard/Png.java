package org.millrace.server.dashboard;

import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.FloatBuffer;
import java.util.Base64;
import javax.imageio.ImageIO;
import org.millrace.contract.config.EncoderConfig;
import org.millrace.encoder.image.Pixels;

/** Pictures for the page, re-encoded as PNG: no byte from an untrusted file reaches a browser. */
final class Png {
    private static final int LONGEST_SIDE = 96;

    private Png() {}

    /** A decoded image, scaled down where it is large. */
    static byte[] of(Pixels pixels) {
        int plane = pixels.height() * pixels.width();
        BufferedImage image = new BufferedImage(pixels.width(), pixels.height(), BufferedImage.TYPE_INT_RGB);
        byte[] values = pixels.values();
        int[] packed = new int[plane];
        for (int i = 0; i < plane; i++) {
            int red = values[i] & 0xff;
            packed[i] = pixels.channels() == 1
                    ? red * 0x010101
                    : red << 16 | (values[plane + i] & 0xff) << 8 | (values[2 * plane + i] & 0xff);
        }
        image.setRGB(0, 0, pixels.width(), pixels.height(), packed, 0, pixels.width());
        return encoded(small(image));
    }

    /** A network's input as a picture: H×W×C normalised values at the buffer's position, which advances. */
    static byte[] ofInput(EncoderConfig input, FloatBuffer values) {
        BufferedImage image = new BufferedImage(input.width(), input.height(), BufferedImage.TYPE_INT_RGB);
        int[] colour = new int[3];
        for (int y = 0; y < input.height(); y++) {
            for (int x = 0; x < input.width(); x++) {
                for (int c = 0; c < input.channels(); c++) {
                    float value = values.get() * input.standardDeviationOf(c) + input.meanOf(c);
                    colour[c] = Math.round(255 * Math.max(0, Math.min(1, value)));
                }
                image.setRGB(
                        x,
                        y,
                        input.channels() == 1 ? colour[0] * 0x010101 : colour[0] << 16 | colour[1] << 8 | colour[2]);
            }
        }
        return encoded(small(image));
    }

    /** A network's input as a picture: C×H×W in [0, 1]. */
    static byte[] ofScaled(EncoderConfig input, float[] values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) Math.round(255 * Math.max(0, Math.min(1, values[i])));
        }
        return of(new Pixels(input.channels(), input.height(), input.width(), bytes));
    }

    /** The file as a data URI, which a page shows without another request. */
    static String dataUri(byte[] png) {
        return "data:image/png;base64," + Base64.getEncoder().encodeToString(png);
    }

    private static BufferedImage small(BufferedImage image) {
        double scale = LONGEST_SIDE / (double) Math.max(image.getWidth(), image.getHeight());
        if (scale >= 1) {
            return image;
        }
        int width = Math.max(1, (int) Math.round(scale * image.getWidth()));
        int height = Math.max(1, (int) Math.round(scale * image.getHeight()));
        BufferedImage target = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = target.createGraphics();
        graphics.setRenderingHint(RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BILINEAR);
        graphics.drawImage(image, 0, 0, width, height, null);
        graphics.dispose();
        return target;
    }

    private static byte[] encoded(BufferedImage image) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            ImageIO.write(image, "png", out);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }
}
