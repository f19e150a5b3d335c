package org.millrace.encoder;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.millrace.contract.FileNames;
import org.millrace.contract.Sha256;
import org.millrace.contract.UserException;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.EncoderConfig;
import org.millrace.contract.weights.Safetensors;
import org.millrace.encoder.network.Backbone;
import org.millrace.encoder.tensor.Torch;

/**
 * The encoder of {@code distill.teacher}, which sees what the learning encoder sees: images of the same size, normalised alike.
 *
 * @param config of its network, recognised by the file's tensors
 * @param weights under our names, position embeddings resampled to the input
 * @param digest SHA-256 of the file, hexadecimal
 */
public record TeacherFile(EncoderConfig config, Safetensors weights, String digest) {
    private static final String KEY = "distill.teacher";

    /**
     * Reads the file.
     *
     * @param name of the file, as configured
     * @param input the learning encoder's
     * @throws UserException that says why it cannot teach
     */
    public static TeacherFile of(Torch torch, String name, EncoderConfig input) {
        TeacherFile file = read(name, input);
        FeatureTrial.problem(torch, file.config(), file.weights()).ifPresent(wrong -> {
            throw new UserException(KEY + " is " + name + ", whose values are finite, but so large that " + wrong
                    + ".\nThe training that made it diverged, or the file is damaged: name another file.");
        });
        return file;
    }

    /** Throws as {@link #of}, but tries no features: to be called before anything of a run is made. */
    public static void require(String name, EncoderConfig input) {
        var unused = read(name, input);
    }

    private static TeacherFile read(String name, EncoderConfig input) {
        Path path = FileNames.path(name);
        byte[] bytes = InitialWeights.read(KEY, path, "which a run that distils reads at each start");
        ForeignEncoder found = ForeignEncoder.of(path, bytes, "", input);
        EncoderConfig config = config(path, found, input);
        Safetensors weights = InitialWeights.fitted(config, found.weights());
        return new TeacherFile(config, weights, Sha256.of(bytes));
    }

    /** Its network. */
    public Backbone network() {
        return Backbone.of(config);
    }

    private static EncoderConfig config(Path path, ForeignEncoder found, EncoderConfig input) {
        Map<String, String> settings = new LinkedHashMap<>(found.settings());
        String channels = String.valueOf(input.channels());
        if (!channels.equals(settings.get("encoder.channels"))) {
            throw new UserException(KEY + " is " + path + ", whose images have "
                    + settings.get("encoder.channels") + " channels, but encoder.channels is " + channels
                    + ": both see the same views.");
        }
        settings.put("encoder.height", String.valueOf(input.height()));
        settings.put("encoder.width", String.valueOf(input.width()));
        settings.put("encoder.mean", joined(input.mean()));
        settings.put("encoder.standard-deviation", joined(input.standardDeviation()));
        List<String> assignments = new ArrayList<>();
        settings.forEach((key, value) -> assignments.add(key + "=" + value));
        try {
            return new ConfigLoader().assignments(assignments).load().encoder();
        } catch (UserException e) {
            throw new UserException(
                    KEY + " is " + path + ", which cannot see the images of this run: " + e.getMessage(), e);
        }
    }

    private static String joined(List<Float> values) {
        return values.stream().map(String::valueOf).collect(Collectors.joining(","));
    }
}
