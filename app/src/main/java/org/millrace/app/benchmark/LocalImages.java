package org.millrace.app.benchmark;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.millrace.contract.UserException;
import org.millrace.contract.config.ImagesConfig;
import org.millrace.evaluator.probe.Half;
import org.millrace.evaluator.probe.LabelledHalves;
import org.millrace.evaluator.probe.ProbeImage;
import org.millrace.ingest.local.LabelledFiles;

/** Labelled images from local files in two halves. */
final class LocalImages {
    private static final String ADVICE =
            "Labels come from the names of the images' folders with --labels folder, or from --labels FILE.";

    private final ImagesConfig config;
    private final Predicate<byte[]> decodes;
    private final Consumer<String> remarks;

    /** @param remarks receives a sentence on files that were left out */
    LocalImages(ImagesConfig config, Predicate<byte[]> decodes, Consumer<String> remarks) {
        this.config = config;
        this.decodes = decodes;
        this.remarks = remarks;
    }

    /** Reads both halves; throws {@link UserException} if no probe could be fitted to or scored on them. */
    LabelledHalves read(BenchmarkRequest request) {
        LabelledHalves halves =
                LabelledHalves.of(half(request, request.train(), Half.TRAIN), half(request, request.test(), Half.TEST));
        halves.requireUsable(
                "--train " + String.join(" ", request.train()) + " with --test " + String.join(" ", request.test()),
                ADVICE);
        return halves;
    }

    private List<ProbeImage> half(BenchmarkRequest request, List<String> paths, Half half) {
        List<ProbeImage> images = new ArrayList<>();
        Map<String, Long> leftOut = new TreeMap<>();
        Map<String, Long> refused = LabelledFiles.read(paths, request.labels(), config, image -> {
            if (decodes.test(image.file())) {
                images.add(ProbeImage.of(image.id(), image.label(), half, image.file()));
            } else {
                leftOut.merge("damaged", 1L, Long::sum);
            }
        });
        leftOut.putAll(refused);
        if (!leftOut.isEmpty()) {
            remarks.accept(leftOut.entrySet().stream()
                    .map(entry -> String.format(Locale.ROOT, "%,d %s", entry.getValue(), entry.getKey()))
                    .collect(Collectors.joining(", ", "left out of " + String.join(" ", paths) + ": ", "")));
        }
        return images;
    }
}
