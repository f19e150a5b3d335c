package org.millrace.encoder.image;

import java.awt.image.BufferedImage;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;

/** Real images: Fashion-MNIST's, 28×28 grey. */
public final class SampleImages {
    private static final Path FILE = Path.of("../samples/fashion-mnist/t10k-images-idx3-ubyte.gz");
    private static final int HEADER = 16;
    private static final int SIDE = 28;

    private SampleImages() {}

    /** The first images of the file, each as a PNG. */
    public static List<byte[]> first(int count) {
        List<byte[]> images = new ArrayList<>();
        try (var in = new DataInputStream(new GZIPInputStream(Files.newInputStream(FILE)))) {
            in.readFully(new byte[HEADER]);
            byte[] pixels = new byte[SIDE * SIDE];
            for (int i = 0; i < count; i++) {
                in.readFully(pixels);
                var image = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_BYTE_GRAY);
                image.getRaster().setDataElements(0, 0, SIDE, SIDE, pixels);
                images.add(TestImages.write(image, "png"));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return images;
    }
}
