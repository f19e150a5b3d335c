package org.millrace.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Writer;
import java.lang.management.ManagementFactory;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.encoder.image.Pixels;
import org.millrace.trainer.view.Views;

/**
 * Two MoCo v2 views of decoded 32×32 images, normalised, on one thread, against torchvision: {@code bench/run views [ROUNDS] [PYTHON]},
 * from the repository's root, with a PYTHON that has torchvision. Rounds are interleaved and the first is not counted; time is the thread's
 * CPU time, so that a busy machine does not decide.
 */
final class ViewsAgainstTorchvision {
    private static final int SIDE = 32;
    private static final int IMAGES = 20_000;

    private ViewsAgainstTorchvision() {}

    public static void main(String[] arguments) throws IOException {
        int rounds = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 7;
        String python = arguments.length > 1 ? arguments[1] : "python3";
        Process peer = new ProcessBuilder(
                        python, Path.of("bench", "pytorch", "views.py").toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        List<Double> ours = new ArrayList<>();
        List<Double> theirs = new ArrayList<>();
        try (BufferedReader answers =
                        new BufferedReader(new InputStreamReader(peer.getInputStream(), StandardCharsets.UTF_8));
                Writer questions = peer.outputWriter(StandardCharsets.UTF_8)) {
            for (int round = 0; round <= rounds; round++) {
                double millrace = imagesPerSecond();
                questions.write("round\n");
                questions.flush();
                String answer = answers.readLine();
                if (answer == null) {
                    throw new IOException(python + " bench/pytorch/views.py ended; does it have torchvision?");
                }
                if (round > 0) {
                    ours.add(millrace);
                    theirs.add(Double.valueOf(answer));
                }
            }
        } finally {
            peer.destroy();
        }
        print("%-12s %24s", "two views", "images/s of CPU time");
        print("%-12s %24.0f", "Millrace", PreparationSpeed.median(ours));
        print("%-12s %24.0f", "torchvision", PreparationSpeed.median(theirs));
        print("%-12s %24.2f", "ratio", PreparationSpeed.median(ours) / PreparationSpeed.median(theirs));
    }

    private static double imagesPerSecond() {
        MillraceConfig config = new ConfigLoader()
                .assignments(List.of("encoder.height=" + SIDE, "encoder.width=" + SIDE, "augment.blur-probability=0.5"))
                .load();
        byte[] values = new byte[3 * SIDE * SIDE];
        new Random(1).nextBytes(values);
        Pixels image = new Pixels(3, SIDE, SIDE, values);
        Views views = new Views(config);
        FloatBuffer first = FloatBuffer.allocate(values.length);
        FloatBuffer second = FloatBuffer.allocate(values.length);
        var threads = ManagementFactory.getThreadMXBean();
        long start = threads.getCurrentThreadCpuTime();
        for (int i = 0; i < IMAGES; i++) {
            views.make(image, 1, i, List.of(first.clear(), second.clear()));
        }
        return IMAGES * 1e9 / (threads.getCurrentThreadCpuTime() - start);
    }

    private static void print(String format, Object... arguments) {
        System.out.println(String.format(Locale.ROOT, format, arguments));
    }
}
