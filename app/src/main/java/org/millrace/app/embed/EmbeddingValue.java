package org.millrace.app.embed;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.millrace.contract.event.Json;
import org.millrace.numerics.NpyFormat;

/** The form of an embedding's value on {@code <run>.embeddings}. */
public enum EmbeddingValue {
    /** D little-endian float32. */
    FLOAT32("application/octet-stream") {
        @Override
        byte[] of(long encoder, long space, float[] features) {
            return NpyFormat.littleEndian(List.of(features));
        }
    },
    /** An object with {@code encoder}, {@code space}, {@code dimension} and {@code embedding}. */
    JSON("application/json") {
        @Override
        byte[] of(long encoder, long space, float[] features) {
            Map<String, Object> object = new LinkedHashMap<>();
            object.put("encoder", encoder);
            object.put("space", space);
            object.put("dimension", features.length);
            object.put("embedding", features);
            return Json.write(object);
        }
    };

    private final String contentType;

    EmbeddingValue(String contentType) {
        this.contentType = contentType;
    }

    String contentType() {
        return contentType;
    }

    /** The value's bytes. */
    abstract byte[] of(long encoder, long space, float[] features);
}
