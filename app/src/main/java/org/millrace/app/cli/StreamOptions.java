package org.millrace.app.cli;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.millrace.app.embed.BackfillDepth;
import org.millrace.app.embed.EmbeddingValue;
import org.millrace.app.embed.StreamEmbedding;
import org.millrace.app.embed.StreamPolicy;
import org.millrace.contract.UserException;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options of {@code embed --stream}. */
final class StreamOptions {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(
            names = "--stream",
            description = "Embed the images of the run's stream as they arrive, to <run>.embeddings, until Ctrl-C.")
    private boolean stream;

    @Option(
            names = "--policy",
            paramLabel = "POLICY",
            description =
                    "With --stream: current (default), pinned:VERSION, or space:VERSION (the newest scored encoder, mapped to that version's space). Each policy embeds every image once.")
    private @Nullable String policy;

    @Option(
            names = "--value",
            paramLabel = "FORM",
            description = "With --stream: float32 (default; little-endian) or json.")
    private @Nullable EmbeddingValue value;

    @Option(
            names = "--backfill",
            paramLabel = "IMAGES",
            description =
                    "With --stream: which older images a new encoder embeds again: none (default), newest:N or all.")
    private @Nullable String backfill;

    boolean wanted() {
        return stream;
    }

    boolean anySet() {
        return policy != null || value != null || backfill != null;
    }

    /** Throws {@link ParameterException} where a value is none of those that the option takes. */
    StreamEmbedding.Task task() {
        try {
            StreamPolicy chosen = StreamPolicy.of(Optional.ofNullable(policy).orElse("current"));
            BackfillDepth depth = BackfillDepth.of(Optional.ofNullable(backfill).orElse("none"));
            if (chosen.kind() == StreamPolicy.Kind.PINNED && depth.images() > 0) {
                throw new UserException(
                        "--backfill embeds older images again when another encoder takes over, which never"
                                + " happens with --policy " + chosen
                                + ": leave --backfill out. Every image is embedded once.");
            }
            return new StreamEmbedding.Task(
                    chosen, depth, Optional.ofNullable(value).orElse(EmbeddingValue.FLOAT32));
        } catch (UserException e) {
            throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
        }
    }
}
