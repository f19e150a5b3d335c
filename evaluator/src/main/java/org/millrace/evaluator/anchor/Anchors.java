package org.millrace.evaluator.anchor;

import static org.millrace.contract.Check.check;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.millrace.contract.UserException;
import org.millrace.contract.config.EvaluatorConfig;
import org.millrace.contract.event.ModelDrift;
import org.millrace.contract.event.ModelDrift.Role;
import org.millrace.evaluator.file.CheckedFile;
import org.millrace.evaluator.metric.EncoderComparison;
import org.millrace.numerics.FeatureMatrix;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The same images through successive encoders of a run. They are chosen from the held-out images at the first use, and never change. A
 * file of the run's folder holds them, and their features under the first, the pinned and those of indexes, the current and the newest encoders. Not thread
 * safe.
 */
public final class Anchors {
    /** Name of the file in the run's folder. */
    public static final String FILE = "anchors.bin";

    private static final Logger log = LoggerFactory.getLogger(Anchors.class);
    private static final long MAGIC = 0x4d52_414e_4348_4f31L; // MRANCHO1
    private static final int NEWEST_KEPT = 4; // the operator may accept any of them that is held
    private static final int LEAST = 4; // of debiased CKA

    private final EvaluatorConfig config;
    private final Path path;
    private final CheckedFile file;
    private final List<byte[]> images = new ArrayList<>();
    private final TreeMap<Long, FeatureMatrix> features = new TreeMap<>(); // by version
    private boolean saidUnknown;

    /** Loads what the folder holds; a damaged file is logged, and comparison begins again. */
    public Anchors(EvaluatorConfig config, Path folder) {
        this.config = config;
        this.path = folder.resolve(FILE);
        this.file = new CheckedFile(path, MAGIC, "a file of anchors");
        if (file.exists()) {
            try {
                file.read(this::readBody);
            } catch (IOException e) {
                log.warn(
                        "the anchors in {} are damaged: {}; only encoders from now on are compared",
                        path,
                        e.getMessage());
                images.clear();
                features.clear();
            }
        }
    }

    /**
     * The images to embed, chosen at the first call; none where {@code evaluator.anchors} is 0 or there are too few to compare.
     *
     * @param heldOut encoded images to choose from, spread evenly
     */
    public List<byte[]> images(List<byte[]> heldOut) {
        if (images.isEmpty()) {
            int count = Math.min(config.anchors(), heldOut.size());
            if (count > Math.max(config.anchorNeighbours(), LEAST)) {
                for (int i = 0; i < count; i++) {
                    images.add(heldOut.get((int) ((long) i * heldOut.size() / count)));
                }
            }
        }
        return List.copyOf(images);
    }

    /** Whether the features of a version are kept. */
    public boolean knows(long version) {
        return features.containsKey(version);
    }

    /** A version's features of {@link #images}, N×D, where they are kept. */
    public Optional<FeatureMatrix> features(long version) {
        return Optional.ofNullable(features.get(version));
    }

    /**
     * Keeps the features of an encoder that later ones are compared with.
     *
     * @param anchorFeatures N×D of {@link #images}, finite
     * @throws UserException where the file cannot be written
     */
    public void remember(long version, FeatureMatrix anchorFeatures) {
        check(
                anchorFeatures.rows() == images.size(),
                "there are %d anchors, but features of %d",
                images.size(),
                anchorFeatures.rows());
        features.put(version, anchorFeatures);
        save();
    }

    /**
     * Compares an encoder with the previous, the current, the pinned and the first version, as far as their features are kept, and
     * keeps its features.
     *
     * @param current version that is current before it
     * @param anchorFeatures N×D of {@link #images}, finite
     * @throws UserException where the file cannot be written
     */
    public Optional<ModelDrift> compare(long version, OptionalLong current, FeatureMatrix anchorFeatures) {
        Map<Role, Long> roles = new EnumMap<>(Role.class);
        if (features.lowerKey(version) != null) {
            roles.put(Role.PREVIOUS, features.lowerKey(version));
            roles.put(Role.FIRST, features.firstKey());
        }
        current.ifPresent(known -> roles.put(Role.CURRENT, known));
        if (config.pinnedVersion() >= 0 && config.pinnedVersion() < version) {
            roles.put(Role.PINNED, config.pinnedVersion());
        }
        sayWherePinnedIsUnknown(roles);
        roles.values().removeIf(other -> !features.containsKey(other));
        Map<Long, EncoderComparison> comparisons = new HashMap<>();
        roles.values()
                .forEach(other -> comparisons.computeIfAbsent(
                        other,
                        key -> EncoderComparison.of(
                                Objects.requireNonNull(features.get(key)), anchorFeatures, config.anchorNeighbours())));
        List<ModelDrift.Against> against = new ArrayList<>();
        roles.forEach(
                (role, other) -> against.add(against(role, other, Objects.requireNonNull(comparisons.get(other)))));
        remember(version, anchorFeatures, current);
        return against.isEmpty()
                ? Optional.empty()
                : Optional.of(new ModelDrift(images.size(), config.anchorNeighbours(), against));
    }

    private void remember(long version, FeatureMatrix anchorFeatures, OptionalLong current) {
        features.put(version, anchorFeatures);
        Set<Long> newest =
                features.descendingKeySet().stream().limit(NEWEST_KEPT).collect(Collectors.toSet());
        long first = features.firstKey();
        features.keySet()
                .removeIf(other -> other != first
                        && !config.adaptedSpaces().contains(other)
                        && other != current.orElse(first)
                        && !newest.contains(other));
        remember(version, anchorFeatures);
    }

    private void sayWherePinnedIsUnknown(Map<Role, Long> roles) {
        Long pinned = roles.get(Role.PINNED);
        if (pinned != null && !features.containsKey(pinned) && !saidUnknown) {
            saidUnknown = true;
            log.warn(
                    "no encoder is compared with encoder {} (evaluator.pinned-version): it was never scored here, or its features"
                            + " are lost and the topic no longer holds it",
                    pinned);
        }
    }

    private static ModelDrift.Against against(Role role, long version, EncoderComparison comparison) {
        return new ModelDrift.Against(role, version, comparison.cka(), comparison.procrustes(), comparison.churn());
    }

    private void save() {
        try {
            file.write(this::writeBody);
        } catch (IOException e) {
            throw new UserException(
                    "the anchors could not be written to " + path + ": " + e
                            + "\nFree space there, or choose another folder with --set run.data=FOLDER.",
                    e);
        }
    }

    private void writeBody(DataOutputStream out) throws IOException {
        out.writeInt(images.size());
        for (byte[] image : images) {
            CheckedFile.writeBytes(out, image);
        }
        out.writeInt(features.size());
        for (var entry : features.entrySet()) {
            FeatureMatrix matrix = entry.getValue();
            out.writeLong(entry.getKey());
            out.writeInt(matrix.columns());
            for (double value : matrix.values()) {
                out.writeFloat((float) value); // an encoder's output is float32
            }
        }
    }

    private boolean readBody(DataInputStream in, long length) throws IOException {
        for (int left = in.readInt(); left > 0; left--) {
            images.add(CheckedFile.readBytes(in, length));
        }
        for (int left = in.readInt(); left > 0; left--) {
            long version = in.readLong();
            int columns = in.readInt();
            if (columns < 1 || (long) columns * images.size() * Float.BYTES > length) {
                throw new IOException("it claims features of " + columns + " numbers");
            }
            double[] values = new double[images.size() * columns];
            for (int i = 0; i < values.length; i++) {
                values[i] = in.readFloat();
            }
            features.put(version, new FeatureMatrix(images.size(), columns, values));
        }
        return true;
    }
}
