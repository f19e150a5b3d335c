package org.millrace.app.embed;

import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.millrace.contract.ImageHeaders;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.encoder.image.ClaimChecks;
import org.millrace.encoder.image.ImageDecoder;
import org.millrace.encoder.image.UndecodableImageException;
import org.millrace.evaluator.Embedder;

/** Records of images to feature vectors; what cannot be decoded is left out and reported. Not thread safe. */
final class StreamImages {
    private final ImageDecoder decoder;
    private final ClaimChecks claimChecks;
    private final StreamEmbedding.Listener listener;

    StreamImages(MillraceConfig config, StreamEmbedding.Listener listener) {
        this.decoder =
                new ImageDecoder(config.encoder().channels(), config.images().maxPixels());
        this.claimChecks = new ClaimChecks(config.images());
        this.listener = listener;
    }

    /** An image and its features. */
    @SuppressWarnings("ArrayRecordComponent")
    record Row(ConsumerRecord<byte[], byte[]> image, float[] features) {}

    /** A row for each image that can be decoded, in order. */
    List<Row> embed(List<ConsumerRecord<byte[], byte[]>> records, Embedder embedder) {
        List<ConsumerRecord<byte[], byte[]>> images = new ArrayList<>();
        List<byte[]> files = new ArrayList<>();
        for (ConsumerRecord<byte[], byte[]> record : records) {
            try {
                files.add(file(record));
                images.add(record);
            } catch (UndecodableImageException e) {
                leaveOut(record, e.reason());
            }
        }
        float[] features = features(images, files, embedder);
        int dimension = embedder.dimension();
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < images.size(); i++) {
            float[] row = new float[dimension];
            System.arraycopy(features, i * dimension, row, 0, dimension);
            rows.add(new Row(images.get(i), row));
        }
        return rows;
    }

    /** N×D of those that decode; others are removed from both lists. */
    private float[] features(List<ConsumerRecord<byte[], byte[]>> images, List<byte[]> files, Embedder embedder) {
        if (files.isEmpty()) {
            return new float[0];
        }
        try {
            return embedder.embed(files);
        } catch (IllegalStateException e) { // one of them does not decode; rare, so not checked beforehand
            int before = files.size();
            for (int i = files.size() - 1; i >= 0; i--) {
                try {
                    decoder.decode(files.get(i));
                } catch (UndecodableImageException bad) {
                    files.remove(i);
                    leaveOut(images.remove(i), bad.reason());
                }
            }
            if (files.size() == before) {
                throw e;
            }
            return files.isEmpty() ? new float[0] : embedder.embed(files);
        }
    }

    private byte[] file(ConsumerRecord<byte[], byte[]> record) throws UndecodableImageException {
        if (record.value() != null) {
            return record.value();
        }
        var location = ImageHeaders.location(record.headers());
        if (location.isEmpty()) {
            throw new UndecodableImageException("a record without a value");
        }
        return claimChecks.fetch(
                location.get(),
                ImageHeaders.text(record.headers(), ImageHeaders.SHA256).orElse(""));
    }

    private void leaveOut(ConsumerRecord<byte[], byte[]> record, String reason) {
        listener.leftOut(record.topic() + "/" + record.partition() + "/" + record.offset(), reason);
    }
}
