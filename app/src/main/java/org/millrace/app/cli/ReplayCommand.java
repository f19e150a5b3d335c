package org.millrace.app.cli;

import java.io.PrintWriter;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.millrace.app.text.Progress;
import org.millrace.contract.Count;
import org.millrace.contract.UserException;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.service.Services;
import org.millrace.encoder.selftest.SelfTest;
import org.millrace.encoder.selftest.SelfTest.Use;
import org.millrace.trainer.replay.Replay;
import org.millrace.trainer.replay.RunReplay;
import org.millrace.trainer.rounds.RoundsReplay;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Recomputes a run from its topics and compares. Exit code 1 if a step differs. */
@Command(
        name = "replay",
        mixinStandardHelpOptions = true,
        description = {
            "Recompute a run from its topics and compare.",
            "Recomputes losses and digests from the journal and the images in the log and compares them with the journal. They are",
            "equal to the bit under the same settings, library and number of threads on the same kind of machine. Starts with the",
            "first step or, if its images are gone, with the oldest checkpoint that does not need them. Does not change the run,",
            "which may keep training."
        })
final class ReplayCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Mixin
    private RunOption run;

    @Option(
            names = "--until-step",
            paramLabel = "N",
            description = "The last step to compute; by default the last one planned.")
    private @Nullable Long toStep;

    /** The option's former name. */
    @Option(names = "--to-step", hidden = true)
    void toStep(Long step) {
        toStep = step;
    }

    @Option(
            names = "--from",
            paramLabel = "C",
            description = "Start with the checkpoint of step C instead of the first step.")
    private @Nullable Long from;

    @Mixin
    private CommonOptions options;

    @Override
    public void run() {
        if (toStep != null && toStep < 1) {
            throw new ParameterException(spec.commandLine(), "--until-step must be at least 1, but was " + toStep);
        }
        MillraceConfig own = options.config(Map.of(), run.assignments());
        SelfTest.atStart(own, Use.TRAINING);
        PrintWriter out = spec.commandLine().getOut();
        try (StopSignal signal = StopSignal.install();
                Connection connection = options.connectToExisting(own);
                Services services = new Services()) {
            MillraceConfig config = options.ofRun(own, connection.kafka(), run);
            var replaying = new Replaying(config, connection);
            signal.await(services, services.start("replay", replaying));
            services.stop();
            report(config, replaying, out);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void report(MillraceConfig config, Replaying replaying, PrintWriter out) {
        Replay.Result result = replaying.result.get();
        if (result == null) {
            return;
        }
        String what =
                Count.of(result.steps(), "step") + " of run " + config.run().name() + " computed again"
                        + (replaying.startedAfter > 0 ? " from the checkpoint of step " + replaying.startedAfter : "")
                        + "; compared: "
                        + Count.of(result.losses(), "loss") + ", " + Count.of(result.digests(), "digest");
        if (result.difference().isPresent()) {
            throw new UserException(what + ".\n" + result.difference().get()
                    + ".\nBits are reproducible only under the same settings (millrace config), library versions, run.threads and kind of"
                    + " machine; check which of these differs.");
        }
        out.println(
                result.digests() > 0
                        ? what + ": all equal to the bit"
                        : what
                                + ": the losses are equal. None of these steps has a digest of the weights, so weights were not compared;"
                                + " the run records one every "
                                + config.trainer().digestEverySteps()
                                + " steps (trainer.digest-every-steps)");
        out.flush();
    }

    /** The replay on its service's thread, which owns PyTorch's tensors. */
    private final class Replaying implements Services.Service {
        private final MillraceConfig config;
        private final Connection connection;
        private final AtomicReference<Replay.@Nullable Result> result = new AtomicReference<>();
        private final AtomicReference<@Nullable Replay> replay = new AtomicReference<>();
        private volatile boolean stopped;
        private volatile long startedAfter;

        Replaying(MillraceConfig config, Connection connection) {
            this.config = config;
            this.connection = connection;
        }

        @Override
        public void run() {
            PrintWriter error = spec.commandLine().getErr();
            try (Replay opened = open();
                    Progress progress = Progress.start("replay", error)) {
                replay.set(opened);
                if (stopped) {
                    return;
                }
                long last = toStep == null ? opened.lastPlanned() : toStep;
                int batch = config.trainer().batchSize();
                long first = opened.startsAfter();
                startedAfter = first;
                progress.expect((last - first) * batch);
                result.set(opened.run(last, step -> progress.update((step - first) * batch, "step " + step)));
            }
        }

        private Replay open() {
            if (!config.rounds().several()) {
                return new RunReplay(
                        config, connection.kafka(), from == null ? OptionalLong.empty() : OptionalLong.of(from));
            }
            if (from != null) {
                throw new UserException("run " + config.run().name()
                        + " is trained by several trainers (rounds.slots) and has no checkpoints: leave --from out.");
            }
            return new RoundsReplay(config, connection.kafka());
        }

        @Override
        public void stop() {
            stopped = true;
            Replay opened = replay.get();
            if (opened != null) {
                opened.stop();
            }
        }
    }
}
