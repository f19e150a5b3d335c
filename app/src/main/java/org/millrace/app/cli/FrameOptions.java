package org.millrace.app.cli;

import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.millrace.ingest.camera.CameraRequest;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options about a camera's frames. Mixed into a command; not thread safe. */
final class FrameOptions {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    @Option(
            names = "--source",
            paramLabel = "NAME",
            description = "Name of the camera, for its frames' header source and their ids.")
    private @Nullable String source;

    @Option(
            names = "--every",
            paramLabel = "TIME",
            description = "At most one of the camera's frames in this time, by arrival: 200ms, 1s, 5m.")
    private @Nullable Duration every;

    /** The name, if the user gave one. */
    Optional<String> source() {
        return Optional.ofNullable(source);
    }

    boolean hasEvery() {
        return every != null;
    }

    /** The camera of that name, unless the user gave another. */
    CameraRequest camera(String otherwise) {
        try {
            return new CameraRequest(source().orElse(otherwise), every == null ? Duration.ZERO : every);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command.commandLine(), String.valueOf(e.getMessage()), e);
        }
    }

    /** Refuses these options for anything but a camera. */
    void requireNone(String wanted) {
        if (source != null || every != null) {
            throw new ParameterException(command.commandLine(), "--source and --every are for cameras only: " + wanted);
        }
    }
}
