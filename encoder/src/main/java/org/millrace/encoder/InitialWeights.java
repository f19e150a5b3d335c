package org.millrace.encoder;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.millrace.contract.FileNames;
import org.millrace.contract.Sha256;
import org.millrace.contract.UserException;
import org.millrace.contract.config.EncoderConfig;
import org.millrace.contract.config.EncoderConfig.Architecture;
import org.millrace.contract.config.EncoderConfig.Stem;
import org.millrace.encoder.network.Backbone;
import org.millrace.encoder.tensor.Safetensors;
import org.millrace.encoder.tensor.WeightLayout;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The weights that {@code encoder.initial-weights} names, for an encoder that does not begin at random: a safetensors file under
 * torchvision's names. Its classifier ({@code fc.*}) and its counters of batches are left out.
 */
public final class InitialWeights {
    private static final Logger log = LoggerFactory.getLogger(InitialWeights.class);
    private static final String KEY = "encoder.initial-weights";
    private static final int LINES = 20;

    private InitialWeights() {}

    /**
     * The file's tensors, or empty where the configuration names none. Throws {@link UserException} with everything that keeps the file
     * from being exactly the configured encoder.
     */
    public static Optional<Safetensors> of(EncoderConfig config) {
        if (config.initialWeights().isBlank()) {
            return Optional.empty();
        }
        Path path = FileNames.path(config.initialWeights());
        byte[] bytes = read(path);
        Safetensors file = parse(path, bytes);
        List<String> misfits = misfits(config, file);
        if (!misfits.isEmpty()) {
            throw new UserException(refusal(path, config, file, misfits));
        }
        log.info("the encoder begins with the weights of {}, SHA-256 {}", path, Sha256.of(bytes));
        return Optional.of(file);
    }

    private static byte[] read(Path path) {
        try {
            return Files.readAllBytes(path);
        } catch (IOException e) {
            String reason = e instanceof NoSuchFileException ? "there is no such file" : String.valueOf(e.getMessage());
            throw new UserException(
                    KEY + " is " + path + ", which cannot be read: " + reason
                            + ".\nName a safetensors file, or leave the key blank to begin at random.",
                    e);
        }
    }

    private static Safetensors parse(Path path, byte[] bytes) {
        try {
            return Safetensors.parse(bytes);
        } catch (IllegalArgumentException e) {
            throw new UserException(
                    KEY + " is " + path + ", which is no safetensors file: " + e.getMessage()
                            + ".\nA PyTorch file (.pth, .pt) is converted with"
                            + " safetensors.torch.save_file(torch.load(FILE), 'FILE.safetensors').",
                    e);
        }
    }

    private static List<String> misfits(EncoderConfig config, Safetensors file) {
        WeightLayout layout = new WeightLayout();
        Backbone.of(config).declare(layout, "");
        return layout.misfits(file, name -> name.startsWith("fc.") || name.endsWith(".num_batches_tracked"));
    }

    private static String refusal(Path path, EncoderConfig config, Safetensors file, List<String> misfits) {
        StringBuilder text = new StringBuilder(KEY + " is " + path + ", which does not fit " + words(config) + ":");
        misfits.stream().limit(LINES).forEach(line -> text.append("\n  ").append(line));
        if (misfits.size() > LINES) {
            text.append("\n  and ").append(misfits.size() - LINES).append(" more like these");
        }
        Optional<EncoderConfig> fitting = alternatives(config).stream()
                .filter(other -> misfits(other, file).isEmpty())
                .findFirst();
        if (fitting.isPresent()) {
            text.append("\nThe file fits ")
                    .append(words(fitting.get()))
                    .append(": set these keys, or name another file.");
            if (config.channels() < fitting.get().channels()) {
                text.append(" Its first convolution takes RGB, not grey; with encoder.channels=3 grey images are"
                        + " converted as they are read.");
            }
        } else {
            text.append("\nThe tensors must be those of torchvision's ResNet of that architecture, under its names.");
        }
        return text.toString();
    }

    private static List<EncoderConfig> alternatives(EncoderConfig config) {
        List<EncoderConfig> all = new ArrayList<>();
        for (Architecture architecture : Architecture.values()) {
            for (Stem stem : Stem.values()) {
                for (int channels : new int[] {1, 3}) {
                    if (architecture != Architecture.AMDIM
                            && (architecture != Architecture.RESNET20 || stem == Stem.CIFAR)) {
                        all.add(config.withNetwork(architecture, stem, channels));
                    }
                }
            }
        }
        return all;
    }

    private static String words(EncoderConfig config) {
        return "encoder.architecture=" + config.architecture().key() + ", encoder.stem="
                + config.stem().key() + ", encoder.channels=" + config.channels();
    }
}
