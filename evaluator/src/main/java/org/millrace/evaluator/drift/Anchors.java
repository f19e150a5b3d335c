package org.millrace.evaluator.drift;

import static org.millrace.contract.Check.check;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.millrace.contract.UserException;
import org.millrace.contract.config.EvaluatorConfig;
import org.millrace.contract.event.ModelDrift;
import org.millrace.contract.event.ModelDrift.Role;
import org.millrace.encoder.matrix.FeatureMatrix;
import org.millrace.evaluator.file.CheckedFile;
import org.millrace.evaluator.metric.EncoderComparison;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The same images through successive encoders of a run. They are chosen from the held-out images when first asked for, and never change;
 * they and the features of the first and the two newest encoders are kept in a file of the run's folder. Not thread safe.
 */
public final class Anchors {
    /** Name of the file in the run's folder. */
    public static final String FILE = "anchors.bin";

    private static final Logger log = LoggerFactory.getLogger(Anchors.class);
    private static final long MAGIC = 0x4d52_414e_4348_4f31L; // MRANCHO1
    private static final int NEWEST_KEPT = 2;
    private static final int LEAST = 4; // of debiased CKA

    private final EvaluatorConfig config;
    private final Path path;
    private final CheckedFile file;
    private final List<byte[]> images = new ArrayList<>();
    private final TreeMap<Long, FeatureMatrix> features = new TreeMap<>(); // by version

    /** Loads what the folder holds; a damaged file is reported, and comparing begins anew. */
    public Anchors(EvaluatorConfig config, Path folder) {
        this.config = config;
        this.path = folder.resolve(FILE);
        this.file = new CheckedFile(path, MAGIC, "a file of anchors");
        if (file.exists()) {
            try {
                file.read(this::readBody);
            } catch (IOException e) {
                log.warn(
                        "the anchors in {} are damaged: {}; encoders are compared from now on only",
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

    /**
     * Compares an encoder with the one of the version before it and with the first, as far as they are known, and keeps its features.
     *
     * @param anchorFeatures N×D of {@link #images}, finite
     * @throws UserException where the file cannot be written
     */
    public Optional<ModelDrift> compare(long version, FeatureMatrix anchorFeatures) {
        check(
                anchorFeatures.rows() == images.size(),
                "there are %d anchors, but features of %d",
                images.size(),
                anchorFeatures.rows());
        List<ModelDrift.Against> against = new ArrayList<>();
        Long previous = features.lowerKey(version);
        if (previous != null) {
            against.add(against(Role.PREVIOUS, previous, anchorFeatures));
            against.add(against(Role.FIRST, features.firstKey(), anchorFeatures));
        }
        features.put(version, anchorFeatures);
        while (features.size() > 1 + NEWEST_KEPT) {
            features.remove(features.higherKey(features.firstKey()));
        }
        save();
        return against.isEmpty()
                ? Optional.empty()
                : Optional.of(new ModelDrift(images.size(), config.anchorNeighbours(), against));
    }

    private ModelDrift.Against against(Role role, long version, FeatureMatrix now) {
        FeatureMatrix then = Objects.requireNonNull(features.get(version));
        EncoderComparison comparison = EncoderComparison.of(then, now, config.anchorNeighbours());
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
