package org.millrace.bench;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Random;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;

/** JPEGs that take about as many bytes a pixel as a camera's: shapes of many sizes with some grain. The same for the same size. */
final class Photographs {
    private static final float QUALITY = 0.85f;
    private static final int GRAIN = 6;

    private Photographs() {}

    static byte[] jpeg(int width, int height) throws IOException {
        ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
        var bytes = new ByteArrayOutputStream();
        try (var out = ImageIO.createImageOutputStream(bytes)) {
            writer.setOutput(out);
            ImageWriteParam how = writer.getDefaultWriteParam();
            how.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
            how.setCompressionQuality(QUALITY);
            writer.write(null, new IIOImage(image(width, height), null, null), how);
        } finally {
            writer.dispose();
        }
        return bytes.toByteArray();
    }

    private static BufferedImage image(int width, int height) {
        Random random = new Random(1);
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        double[] phases = random.doubles(24, 0, 2 * Math.PI).toArray();
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int rgb = 0;
                for (int c = 0; c < 3; c++) {
                    double value = 128 + GRAIN * random.nextGaussian();
                    for (int octave = 0; octave < 4; octave++) {
                        double scale = Math.pow(3, octave) * 6.0 / width;
                        value += 40.0
                                / (1 + octave)
                                * Math.sin(scale * x + phases[8 * c + octave])
                                * Math.sin(scale * y + phases[8 * c + 4 + octave]);
                    }
                    rgb = rgb << 8 | (int) Math.max(0, Math.min(255, value));
                }
                image.setRGB(x, y, rgb);
            }
        }
        return image;
    }
}
