package org.millrace.app.cli;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.millrace.app.run.WatchService;
import org.millrace.contract.Count;
import org.millrace.contract.FileNames;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.service.Services;
import org.millrace.ingest.camera.CameraAddress;
import org.millrace.ingest.label.Labels;
import org.millrace.ingest.push.PushRequest;
import org.millrace.ingest.watch.FolderWatch;
import org.millrace.ingest.watch.WatchRequest;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Pushes the files of a folder as they appear, or the frames of a camera as they arrive. */
@Command(
        name = "watch",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Push the images of a folder, and new ones as they appear.",
            "Each once, also across restarts, until Ctrl-C. A file is read once it has not changed for a while;",
            "a renamed file is not pushed again, one with new content is.",
            "What was pushed is remembered on the topic images.watched, in one transaction with the images.",
            "With the address of a camera that sends Motion JPEG over HTTP (multipart/x-mixed-replace), pushes its frames as",
            "they arrive, and reconnects whenever the stream ends."
        })
final class WatchCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Parameters(
            paramLabel = "FOLDER|ADDRESS",
            description = "The folder, with all below it, or http://[NAME:PASSWORD@]HOST/PATH of a camera.")
    private String place = "";

    @Option(
            names = "--to",
            defaultValue = "images",
            paramLabel = "TOPIC",
            description = "images or probe (default: ${DEFAULT-VALUE}).")
    private PushRequest.Target target = PushRequest.Target.IMAGES;

    @Option(
            names = "--labels",
            defaultValue = "none",
            paramLabel = "FROM",
            description = "folder, a CSV file or none, as for push (default: ${DEFAULT-VALUE}).")
    private String labels = "none";

    @Option(
            names = "--settle",
            defaultValue = "2",
            paramLabel = "SECONDS",
            description = "How long a file must not have changed before it is read (default: ${DEFAULT-VALUE}).")
    private double settleSeconds;

    @Option(
            names = "--name",
            paramLabel = "NAME",
            description =
                    "Name under which pushed files are remembered; by default the folder's path. For several machines whose folders"
                            + " have the same path.")
    private @Nullable String name;

    @Mixin
    private FrameOptions frames;

    @Mixin
    private CommonOptions options;

    @Override
    public void run() {
        MillraceConfig config = options.config(Map.of());
        if (CameraAddress.isMeant(place)) {
            watchCamera(config);
        } else {
            frames.requireNone("watch http://…, or push --mjpeg");
            watchFolder(config, FileNames.path(place));
        }
    }

    private void watchCamera(MillraceConfig config) {
        if (target != PushRequest.Target.IMAGES || !labels.equals("none") || name != null) {
            throw new ParameterException(
                    spec.commandLine(),
                    "a camera's frames have no labels and no memory: leave out --to, --labels and --name");
        }
        CameraAddress address = CameraAddress.parse(place);
        var watch = new CameraWatch(
                address,
                frames.camera(address.shown()),
                config.images(),
                new Lines(spec.commandLine().getOut()));
        try (StopSignal signal = StopSignal.install();
                Connection connection = options.connect(config)) {
            signal.onStop(Thread.currentThread()::interrupt);
            watch.run(connection);
        }
    }

    private void watchFolder(MillraceConfig config, Path folder) {
        WatchRequest request = request(folder);
        Lines out = new Lines(spec.commandLine().getOut());
        try (StopSignal signal = StopSignal.install();
                Connection connection = options.connect(config);
                Services services = new Services()) {
            out.say("watching " + FileNames.text(folder) + "; Ctrl-C stops");
            services.start(
                    "watch",
                    new WatchService(request, connection.kafka(), config.images(), listener(out, config), out::say));
            signal.await(services);
            services.stop();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private WatchRequest request(Path folder) {
        String named = WatchRequest.nameOf(folder);
        try {
            return new WatchRequest(
                    folder,
                    name == null ? named : name,
                    target,
                    Labels.parse(labels),
                    Duration.ofMillis(Math.round(settleSeconds * 1000)));
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
        }
    }

    private static FolderWatch.Listener listener(Lines out, MillraceConfig config) {
        return new FolderWatch.Listener() {
            private long total;

            @Override
            public void pushed(long images, long rejected) {
                if (images + rejected > 0) {
                    total += images;
                    out.say(String.format(
                            Locale.ROOT,
                            "pushed %s%s, %,d since the start",
                            Count.of(images, "image"),
                            rejected == 0
                                    ? ""
                                    : String.format(
                                            Locale.ROOT,
                                            ", rejected %,d (their reasons are in topic %s)",
                                            rejected,
                                            config.images().rejectedTopic()),
                            total));
                }
            }

            @Override
            public void unreadable(String position, String reason) {
                out.say(position + " " + reason + "; retried at every scan");
            }
        };
    }
}
