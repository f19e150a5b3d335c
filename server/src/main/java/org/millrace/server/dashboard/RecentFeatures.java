package org.millrace.server.dashboard;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.millrace.contract.config.EncoderConfig;
import org.millrace.encoder.image.ImageDecoder;
import org.millrace.encoder.image.InputTransform;
import org.millrace.encoder.image.UndecodableImageException;
import org.millrace.evaluator.Embedder;
import org.millrace.numerics.FeatureMatrix;
import org.millrace.numerics.Rows;
import org.millrace.server.embed.LoadedEncoders;

/** Features of encoded files under several encoders, as unit rows; each file is decoded once for all encoders of one input. */
final class RecentFeatures {
    private static final int BATCH = 64;

    private RecentFeatures() {}

    /** @param files that are known to decode */
    static Map<Long, FeatureMatrix> of(
            List<byte[]> files, Map<Long, LoadedEncoders.Loaded> encoders, int maxPixels) {
        Map<Long, double[]> rows = new LinkedHashMap<>();
        encoders.forEach(
                (version, encoder) -> rows.put(version, new double[files.size() * encoder.embedder().dimension()]));
        Map<EncoderConfig, List<Long>> byInput = encoders.keySet().stream()
                .collect(Collectors.groupingBy(version -> encoders.get(version).input()));
        byInput.forEach((input, versions) -> {
            ImageDecoder decoder = new ImageDecoder(input.channels(), maxPixels);
            for (int from = 0; from < files.size(); from += BATCH) {
                List<float[]> scaled =
                        scaled(files.subList(from, Math.min(files.size(), from + BATCH)), input, decoder);
                for (long version : versions) {
                    Embedder embedder = encoders.get(version).embedder();
                    put(embedder.embedScaled(scaled), rows.get(version), from * embedder.dimension());
                }
            }
        });
        Map<Long, FeatureMatrix> features = new LinkedHashMap<>();
        rows.forEach((version, values) -> features.put(
                version,
                Rows.unit(new FeatureMatrix(
                        files.size(), encoders.get(version).embedder().dimension(), values))));
        return features;
    }

    private static List<float[]> scaled(List<byte[]> files, EncoderConfig input, ImageDecoder decoder) {
        InputTransform transform = new InputTransform(input);
        List<float[]> scaled = new ArrayList<>();
        for (byte[] file : files) {
            float[] values = new float[input.channels() * input.height() * input.width()];
            try {
                transform.scale(decoder.decode(file), values);
            } catch (UndecodableImageException e) {
                throw new IllegalStateException("a recent image no longer decodes: " + e.reason(), e);
            }
            scaled.add(values);
        }
        return scaled;
    }

    private static void put(float[] batch, double[] rows, int from) {
        for (int i = 0; i < batch.length; i++) {
            rows[from + i] = batch[i];
        }
    }
}
