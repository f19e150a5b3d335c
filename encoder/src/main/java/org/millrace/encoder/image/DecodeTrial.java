package org.millrace.encoder.image;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.millrace.contract.UserException;

/**
 * Decodes one image in a process of its own, to see whether the process survives it. The image comes on standard input.
 */
public final class DecodeTrial {
    private static final long PATIENCE_SECONDS = 120;
    private static final int READY = 'r';

    private DecodeTrial() {}

    /** Whether a process with that much heap survives decoding the image; a refusal by the decoder counts as survival. */
    public static boolean survives(byte[] file, int channels, int maxPixels, Reduction reduction, long heapBytes) {
        List<String> command = List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx" + heapBytes,
                "-XX:+ExitOnOutOfMemoryError",
                "-Djava.awt.headless=true",
                "-cp",
                System.getProperty("java.class.path"),
                DecodeTrial.class.getName(),
                Integer.toString(channels),
                Integer.toString(maxPixels),
                Integer.toString(reduction.leastWidth()),
                Integer.toString(reduction.leastHeight()),
                Long.toString(reduction.leastPixels()));
        try {
            Process child = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            try {
                if (child.getInputStream().read() != READY) {
                    throw new UserException("cannot try an image in a process of its own: " + command.get(0)
                            + " ended before it began; see whether it starts by hand");
                }
                try (OutputStream out = child.getOutputStream()) {
                    out.write(file);
                } catch (IOException e) {
                    return false; // it ended before it had read the image
                }
                return child.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS) && child.exitValue() == 0;
            } finally {
                child.destroyForcibly();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UserException("interrupted while an image was tried in a process of its own", e);
        }
    }

    /** @param arguments channels, most pixels, least width, height and pixels of a reduced image */
    public static void main(String[] arguments) throws IOException {
        ImageDecoder decoder = new ImageDecoder(
                Integer.parseInt(arguments[0]),
                Integer.parseInt(arguments[1]),
                new Reduction(
                        Integer.parseInt(arguments[2]), Integer.parseInt(arguments[3]), Long.parseLong(arguments[4])));
        System.out.write(new byte[] {READY}, 0, 1);
        System.out.flush();
        byte[] file = System.in.readAllBytes();
        try {
            System.out.println(decoder.decode(file).values().length);
        } catch (UndecodableImageException e) {
            System.out.println(e.reason());
        }
    }
}
