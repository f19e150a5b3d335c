package org.millrace.evaluator;

import org.millrace.contract.event.EncoderManifest;

/** Loads encoders from published weights. Used by the evaluator's thread alone. */
public interface EmbedderFactory {
    /**
     * The encoder of those weights. Throws {@link org.millrace.contract.UserException} where the file does not fit the manifest's
     * architecture or holds values that are not numbers.
     */
    Embedder load(EncoderManifest manifest, byte[] safetensors);

    /** Whether the encoded image can be decoded. */
    boolean decodes(byte[] image);
}
