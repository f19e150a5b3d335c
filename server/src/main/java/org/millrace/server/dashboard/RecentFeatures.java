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
import org.millrace.numerics.FeatureMatrix;
import org.millrace.numerics.Rows;
import org.millrace.server.embed.LoadedEncoders;

/** Features of encoded files under several encoders, as unit rows; each file is decoded once for all encoders of one input. */
final class RecentFeatures {
    private static final int BATCH = 64;

    private RecentFeatures() {}

    /** An encoder and the rows that it fills. */
    @SuppressWarnings("ArrayRecordComponent")
    private record Filling(long version, LoadedEncoders.Loaded encoder, double[] rows) {
        void put(List<float[]> scaled, int first) {
            float[] batch = encoder.embedder().embedScaled(scaled);
            int from = first * encoder.embedder().dimension();
            for (int i = 0; i < batch.length; i++) {
                rows[from + i] = batch[i];
            }
        }

        FeatureMatrix features() {
            int dimension = encoder.embedder().dimension();
            return Rows.unit(new FeatureMatrix(rows.length / dimension, dimension, rows));
        }
    }

    /** @param files that are known to decode */
    static Map<Long, FeatureMatrix> of(List<byte[]> files, Map<Long, LoadedEncoders.Loaded> encoders, int maxPixels) {
        List<Filling> all = new ArrayList<>();
        encoders.forEach((version, encoder) -> all.add(new Filling(
                version, encoder, new double[files.size() * encoder.embedder().dimension()])));
        all.stream()
                .collect(Collectors.groupingBy(filling -> filling.encoder().input()))
                .forEach((input, some) -> fill(files, input, some, new ImageDecoder(input.channels(), maxPixels)));
        Map<Long, FeatureMatrix> features = new LinkedHashMap<>();
        all.forEach(filling -> features.put(filling.version(), filling.features()));
        return features;
    }

    private static void fill(List<byte[]> files, EncoderConfig input, List<Filling> all, ImageDecoder decoder) {
        for (int from = 0; from < files.size(); from += BATCH) {
            List<float[]> scaled = scaled(files.subList(from, Math.min(files.size(), from + BATCH)), input, decoder);
            for (Filling filling : all) {
                filling.put(scaled, from);
            }
        }
    }

    /** The files as a network of that input sees them, each C×H×W in [0, 1]; they are known to decode. */
    static List<float[]> scaled(List<byte[]> files, EncoderConfig input, ImageDecoder decoder) {
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
}
