package org.millrace.app.cli;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.time.Clock;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.jspecify.annotations.Nullable;
import org.millrace.app.text.FrameText;
import org.millrace.app.text.Progress;
import org.millrace.contract.Count;
import org.millrace.contract.FileNames;
import org.millrace.contract.UserException;
import org.millrace.contract.config.ImagesConfig;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.ingest.camera.CameraRequest;
import org.millrace.ingest.camera.FrameCounts;
import org.millrace.ingest.camera.MotionJpeg;
import org.millrace.ingest.label.Labels;
import org.millrace.ingest.push.ImagePusher;
import org.millrace.ingest.push.PushProgress;
import org.millrace.ingest.push.PushReport;
import org.millrace.ingest.push.PushRequest;
import org.millrace.ingest.source.ImageSource;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Pushes images from files into Kafka. */
@Command(
        name = "push",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Push images from files into Kafka.",
            "They go to the topic of images or, with --to probe, to the topic of labelled probe images.",
            "Files that are not images are counted and go to the topic of rejects with the reason."
        })
final class PushCommand implements Runnable {
    private static final String NO_LABEL = "no label";

    @Spec
    private CommandSpec spec;

    @Parameters(
            arity = "1..*",
            paramLabel = "PATH",
            description =
                    "Folder (with all below it), .tar (also .gz, .bz2, .xz, .zst), .zip, IDX file (.gz too), single image,"
                            + " or - for file names on standard input; with --mjpeg one file of Motion JPEG, or - for standard input.")
    private List<String> paths = List.of();

    @Option(
            names = "--to",
            defaultValue = "images",
            paramLabel = "TOPIC",
            description = "images or probe (default: ${DEFAULT-VALUE}).")
    private PushRequest.Target target = PushRequest.Target.IMAGES;

    @Option(
            names = "--labels",
            defaultValue = "auto",
            paramLabel = "FROM",
            description =
                    "folder (the name of the image's folder), a CSV file of path,label lines, an IDX file of labels, none,"
                            + " or auto: the labels file beside an IDX file (default: ${DEFAULT-VALUE}).")
    private String labels = "auto";

    @Option(
            names = "--order",
            defaultValue = "as-is",
            paramLabel = "ORDER",
            description = "as-is, shuffled (by run.seed) or by-label (default: ${DEFAULT-VALUE}).")
    private PushRequest.Order order = PushRequest.Order.AS_IS;

    @Option(
            names = "--repeat",
            defaultValue = "1",
            paramLabel = "N",
            description = "Passes over the images (default: ${DEFAULT-VALUE}).")
    private int repeat;

    @Option(
            names = "--rate",
            paramLabel = "IMAGES/S",
            description = "Maximum images per second; by default as fast as Kafka accepts them.")
    private @Nullable Double rate;

    @Option(names = "--limit", paramLabel = "N", description = "Push at most N images, over all passes.")
    private @Nullable Long limit;

    @Option(
            names = "--skip",
            defaultValue = "0",
            paramLabel = "N",
            description = "Skip the first N images of each pass.")
    private long skip;

    @Option(
            names = "--split",
            defaultValue = "by-hash",
            paramLabel = "HALF",
            description = "Half of the probe set for the images: train, test or by-hash (default: ${DEFAULT-VALUE}).")
    private PushRequest.Split split = PushRequest.Split.BY_HASH;

    @Option(
            names = "--mjpeg",
            description = "PATH is Motion JPEG: the frames of a camera or a recording, one JPEG after the other.")
    private boolean mjpeg;

    @Mixin
    private FrameOptions frames;

    @Mixin
    private CommonOptions options;

    @Override
    public void run() {
        MillraceConfig config = options.config(Map.of());
        PushRequest request = request(config.run().seed());
        FrameCounts counts = new FrameCounts();
        InputStream standardInput = interruptibleInput();
        Optional<ImageSource> recording = recording(standardInput, config.images(), counts);
        paths.forEach(PushCommand::checkExists);
        try (StopSignal signal = StopSignal.install();
                Connection connection = options.connect(config)) {
            connection.createImageTopics(config.images());
            signal.onStop(Thread.currentThread()::interrupt);
            PushReport report;
            try (Progress progress = Progress.start("push", spec.commandLine().getErr());
                    var producer = new KafkaProducer<byte[], byte[]>(
                            connection.kafka().producer(ImagePusher.producerNeeds(config.images())))) {
                report = recording.isPresent()
                        ? ImagePusher.push(request, producer, config.images(), shownOn(progress), recording.get())
                        : ImagePusher.push(request, producer, config.images(), shownOn(progress), standardInput);
                Thread.interrupted(); // the report shows it, and it would cut the producer's close short
            }
            PrintWriter out = spec.commandLine().getOut();
            out.println(summary(
                            report,
                            config.images(),
                            target == PushRequest.Target.PROBE
                                    ? config.images().probeTopic()
                                    : config.images().topic())
                    + FrameText.leftOut(counts));
            out.flush();
            if (report.pushed() == 0 && !report.interrupted()) {
                throw new UserException("no image was pushed; see the reasons above"
                        + (report.rejectionsByReason().containsKey(NO_LABEL)
                                ? ". The probe needs labels: --labels folder takes them from the folders' names, --labels FILE from a CSV"
                                : ""));
            }
        }
    }

    private PushRequest request(long seed) {
        try {
            return new PushRequest(
                    paths,
                    target,
                    Labels.parse(labels),
                    order,
                    seed,
                    repeat,
                    rate == null ? Double.POSITIVE_INFINITY : rate,
                    limit == null ? Long.MAX_VALUE : limit,
                    skip,
                    split);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
        }
    }

    /** The frames of --mjpeg. */
    private Optional<ImageSource> recording(InputStream standardInput, ImagesConfig images, FrameCounts counts) {
        if (!mjpeg) {
            frames.requireNone("push --mjpeg PATH, or watch http://…");
            return Optional.empty();
        }
        boolean pipe = paths.contains(PushRequest.STANDARD_INPUT);
        requireFor(paths.size() == 1, "takes one PATH, but got " + paths.size());
        requireFor(
                target == PushRequest.Target.IMAGES && labels.equals("auto"),
                "has no labels: leave out --to and --labels");
        requireFor(
                order == PushRequest.Order.AS_IS && (!pipe || repeat == 1),
                "is pushed in its order, and standard input once: leave out --order and --repeat");
        requireFor(!pipe || frames.source().isPresent(), "- needs --source NAME, the name of the camera");
        requireFor(
                pipe || !frames.hasEvery(),
                "FILE has no times of arrival for --every: let ffmpeg thin it out, -vf fps=5, and pipe it into push --mjpeg -");
        CameraRequest camera = frames.camera(paths.get(0));
        return Optional.of(
                pipe
                        ? MotionJpeg.pipe(camera, standardInput, images.maxBytes(), Clock.systemUTC(), counts)
                        : MotionJpeg.file(camera.source(), FileNames.path(paths.get(0)), images.maxBytes(), counts));
    }

    private void requireFor(boolean condition, String problem) {
        if (!condition) {
            throw new ParameterException(spec.commandLine(), "--mjpeg " + problem);
        }
    }

    /** Standard input that an interrupt wakes from a read; {@code System.in} would hold Ctrl-C back until its writer writes. */
    private static InputStream interruptibleInput() {
        return Channels.newInputStream(new FileInputStream(FileDescriptor.in).getChannel());
    }

    /** Reports a mistyped path before a broker is started. */
    static void checkExists(String path) {
        if (!path.equals(PushRequest.STANDARD_INPUT) && !Files.exists(FileNames.path(path))) {
            throw new UserException("push: no such file or folder: " + path);
        }
    }

    private static PushProgress shownOn(Progress progress) {
        return new PushProgress() {
            @Override
            public void update(long pushed, long rejected, long bytes) {
                progress.update(pushed, rejected == 0 ? "" : rejected + " rejected");
            }

            @Override
            public void expect(long atMost) {
                progress.expect(atMost);
            }
        };
    }

    private static String size(long bytes) {
        return bytes < 100_000
                ? String.format(Locale.ROOT, "%.1f kB", bytes / 1e3)
                : String.format(Locale.ROOT, "%.1f MB", bytes / 1e6);
    }

    private static String classes(int count) {
        if (count == 0) {
            return "";
        }
        return count == PushReport.MOST_CLASSES
                ? String.format(Locale.ROOT, " of %,d or more classes", count)
                : " of " + Count.of(count, "class");
    }

    /** A push in one line. */
    static String summary(PushReport report, ImagesConfig images, String topic) {
        String pushed = String.format(
                Locale.ROOT,
                "%s %s%s (%s) to topic %s in %.1f s, %,.0f images/s",
                report.interrupted() ? "stopped after" : "pushed",
                Count.of(report.pushed(), "image"),
                classes(report.classes()),
                size(report.bytes()),
                topic,
                report.seconds(),
                report.imagesPerSecond());
        if (report.rejected() == 0) {
            return pushed + ", none rejected";
        }
        return report.rejectionsByReason().entrySet().stream()
                .map(entry -> String.format(Locale.ROOT, "%,d %s", entry.getValue(), entry.getKey()))
                .collect(Collectors.joining(
                        ", ",
                        pushed + String.format(Locale.ROOT, "; rejected %,d: ", report.rejected()),
                        "; each with its reason in topic " + images.rejectedTopic()));
    }
}
