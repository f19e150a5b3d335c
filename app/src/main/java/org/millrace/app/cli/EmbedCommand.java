package org.millrace.app.cli;

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.millrace.app.benchmark.CheckpointEncoder;
import org.millrace.app.embed.EmbeddingFile;
import org.millrace.app.embed.FileEmbedding;
import org.millrace.app.text.Progress;
import org.millrace.contract.Count;
import org.millrace.contract.FileNames;
import org.millrace.contract.OutFile;
import org.millrace.contract.RunTopics;
import org.millrace.contract.UserException;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.registry.PublishedEncoder;
import org.millrace.contract.registry.PublishedEncoders;
import org.millrace.encoder.selftest.SelfTest;
import org.millrace.encoder.selftest.SelfTest.Use;
import org.millrace.evaluator.FeatureSpaces;
import org.millrace.ingest.local.ImageFiles;
import org.millrace.numerics.AffineMap;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Embeds image files. */
@Command(
        name = "embed",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Write the features of images to a file, or embed the run's stream.",
            "x.npy (N×D float32, with the images' names in x.names.txt), x.parquet or x.jsonl (with the names in the file). Uses the run's current encoder unless another is named.",
            "Files that cannot be decoded are left out and listed. Names are the ids that a push would give.",
            "With --stream: embeds every image of the stream once, to the topic <run>.embeddings, until Ctrl-C. Start it on several machines to share the partitions."
        })
final class EmbedCommand implements Runnable {
    private static final int NAMED_AT_MOST = 20;

    @Spec
    private CommandSpec spec;

    @Parameters(
            arity = "0..*",
            paramLabel = "PATH",
            description = "Folder (with all below it), .tar, .tar.gz, .zip, IDX file (.gz too) or single image.")
    private List<String> paths = List.of();

    @Option(
            names = "--out",
            paramLabel = "FILE",
            description = "The file to write; its extension (.npy, .parquet, .jsonl) selects the format.")
    private Path out = Path.of("");

    @Option(
            names = "--encoder",
            paramLabel = "VERSION",
            description = "Use this encoder from the run's topic of encoders; by default the current one.")
    private @Nullable Long version;

    @Option(
            names = "--checkpoint",
            paramLabel = "STEP",
            description = "Use the encoder of this checkpoint on disk instead; needs no broker.")
    private @Nullable Long checkpoint;

    @Option(
            names = "--space",
            paramLabel = "VERSION",
            description =
                    "Map the features to the space of this encoder, for an index that it made; uses the newest scored encoder unless --encoder names one.")
    private @Nullable Long space;

    @Mixin
    private StreamOptions stream;

    @Option(names = "--force", description = "Overwrite an existing file.")
    private boolean force;

    @Mixin
    private RunOption run;

    @Mixin
    private CommonOptions options;

    @Override
    public void run() {
        MillraceConfig config = options.config(Map.of(), run.assignments());
        checkForm();
        if (stream.wanted()) {
            new StreamRun(spec.commandLine(), options, run).run(config, stream.task());
            return;
        }
        if (checkpoint != null && space != null) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--checkpoint and --space exclude each other: adapters belong to published encoders");
        }
        if (checkpoint != null && version != null) {
            throw new ParameterException(spec.commandLine(), "--checkpoint and --encoder exclude each other");
        }
        EmbeddingFile.Form form = form();
        OutFile.require(List.of(out), force);
        paths.forEach(EmbedCommand::checkExists);
        SelfTest.atStart(config, Use.EMBEDDING);
        Chosen chosen = chosen(config);
        PublishedEncoder encoder = chosen.encoder();
        try (Progress progress = Progress.start("embed", spec.commandLine().getErr())) {
            ImageFiles.count(paths).ifPresent(progress::expect);
            FileEmbedding.Report report =
                    new FileEmbedding(config, encoder, chosen.adapter(), listener(progress)).run(paths, out);
            summarise(report, encoder, form);
        }
    }

    private void summarise(FileEmbedding.Report report, PublishedEncoder encoder, EmbeddingFile.Form form) {
        if (report.embedded() == 0) {
            throw new UserException("no image could be embedded of " + String.join(" ", paths) + "; "
                    + Count.of(report.leftOut(), "file") + " left out for the reasons above; nothing was written");
        }
        PrintWriter text = spec.commandLine().getOut();
        text.println(String.format(
                Locale.ROOT,
                "embedded %s in %d dimensions by encoder %d of run %s%s into %s%s%s",
                Count.of(report.embedded(), "image"),
                report.dimension(),
                encoder.manifest().version(),
                encoder.manifest().run(),
                space == null ? "" : " in the space of encoder " + space,
                out,
                form == EmbeddingFile.Form.NPY ? ", their names beside it" : "",
                report.leftOut() == 0 ? "" : "; left out " + Count.of(report.leftOut(), "file")));
        if (encoder.manifest().version() == 0) {
            text.println(
                    "encoder 0 is the untrained one: no other has been published yet, or --encoder 0 asked for it");
        }
        text.flush();
    }

    /** The encoder, and the adapter to the wanted space where that is another's. */
    private record Chosen(PublishedEncoder encoder, Optional<AffineMap> adapter) {}

    private Chosen chosen(MillraceConfig config) {
        if (checkpoint != null) {
            return new Chosen(CheckpointEncoder.read(config, OptionalLong.of(checkpoint)), Optional.empty());
        }
        try (Connection connection = options.connect(config)) {
            KafkaSettings kafka = connection.kafka();
            RunTopics topics = config.run().topics();
            PublishedEncoder encoder = version != null
                    ? PublishedEncoders.find(kafka, topics, version)
                    : space != null ? PublishedEncoders.scored(kafka, topics) : PublishedEncoders.newest(kafka, topics);
            return new Chosen(
                    encoder, space == null ? Optional.empty() : FeatureSpaces.adapter(kafka, topics, encoder, space));
        }
    }

    /** Which options belong together: files to a file, or the stream to its topic. */
    private void checkForm() {
        boolean files = !paths.isEmpty() || !out.toString().isEmpty();
        String problem = "";
        if (stream.wanted() && (files || checkpoint != null || version != null || space != null || force)) {
            problem =
                    "--stream embeds the images of the run's stream: it takes no PATH, --out, --encoder, --checkpoint,"
                            + " --space or --force; --policy selects the encoder";
        } else if (!stream.wanted() && stream.anySet()) {
            problem = "--policy, --value and --backfill belong to --stream";
        } else if (!stream.wanted() && paths.isEmpty()) {
            problem = "missing PATH, the images to embed; --stream embeds those of the run's stream";
        } else if (!stream.wanted() && out.toString().isEmpty()) {
            problem = "missing --out FILE, the file to write";
        }
        if (!problem.isEmpty()) {
            throw new ParameterException(spec.commandLine(), problem);
        }
    }

    private FileEmbedding.Listener listener(Progress progress) {
        PrintWriter error = spec.commandLine().getErr();
        return new FileEmbedding.Listener() {
            private int named;

            @Override
            public void leftOut(String position, String reason) {
                named++;
                if (named <= NAMED_AT_MOST) {
                    error.println("left out " + position + ": " + reason);
                } else if (named == NAMED_AT_MOST + 1) {
                    error.println("left out more files, which are only counted");
                }
                error.flush();
            }

            @Override
            public void done(long embedded, long leftOut) {
                progress.update(embedded + leftOut, leftOut == 0 ? "" : leftOut + " left out");
            }
        };
    }

    private EmbeddingFile.Form form() {
        try {
            return EmbeddingFile.Form.of(out);
        } catch (UserException e) {
            throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()));
        }
    }

    private static void checkExists(String path) {
        if (!Files.exists(FileNames.path(path))) {
            throw new UserException("embed: no such file or folder: " + path);
        }
    }
}
