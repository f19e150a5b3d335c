package org.millrace.ingest.label;

import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.millrace.contract.UserException;
import org.millrace.ingest.source.IdxSource;
import org.millrace.ingest.source.ImageSource;
import org.millrace.ingest.source.ImageSources;

/** The sources at some paths, and what labels their entries. */
public record LabelledSources(List<ImageSource> sources, Labeller labeller) {
    public LabelledSources {
        sources = List.copyOf(sources);
    }

    /**
     * The sources, each checked to exist; none is open yet.
     *
     * @param standardInput file names, read where the paths have {@code -}; stays open
     * @param readTwice whether the sources are gone through more than once
     * @throws UserException if a path does not exist or cannot be read, or if the labels do not fit the sources
     */
    public static LabelledSources of(List<String> paths, Labels labels, InputStream standardInput, boolean readTwice) {
        boolean keepNames = readTwice || labels instanceof Labels.FromFile; // the first pass looks for a match
        List<ImageSource> sources =
                ImageSources.of(paths, standardInput, keepNames, images -> idxLabels(images, labels));
        if (labels instanceof Labels.FromFile file) {
            requireFit(file.file(), sources);
        }
        return new LabelledSources(sources, Labeller.of(labels));
    }

    /** A source whose entries have no labels. */
    public static LabelledSources unlabelled(ImageSource source) {
        return new LabelledSources(List.of(source), Labeller.of(new Labels.None()));
    }

    private static Optional<Path> idxLabels(Path images, Labels labels) {
        if (labels instanceof Labels.FromFolder) {
            throw new UserException(
                    "push: %s is an IDX file, whose images lie in no folder: give --labels its labels file, or leave it out"
                            .formatted(images));
        }
        if (labels instanceof Labels.FromFile file && ImageSources.isIdxLabels(file.file())) {
            return Optional.of(file.file());
        }
        return labels instanceof Labels.Automatic ? IdxSource.labelsBeside(images) : Optional.empty();
    }

    private static void requireFit(Path file, List<ImageSource> sources) {
        if (!Files.isRegularFile(file)) {
            throw new UserException(
                    "push: no such file of labels: %s. --labels is folder, none, auto, or a CSV or IDX file"
                            .formatted(file));
        }
        if (ImageSources.isIdxLabels(file) && !(sources.size() == 1 && sources.get(0) instanceof IdxSource)) {
            throw new UserException(
                    "push: --labels %s holds IDX labels, which fit exactly one IDX file of images, but got %s"
                            .formatted(
                                    file,
                                    sources.stream().map(ImageSource::path).toList()));
        }
    }
}
