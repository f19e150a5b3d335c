package org.millrace.evaluator;

import org.millrace.contract.event.EncoderManifest;

/** Makes encoders from published weights. Used by the evaluator's thread alone. */
public interface EmbedderFactory {
    /**
     * The encoder of those weights. Throws {@link org.millrace.contract.UserException} where the file does not fit the manifest's
     * architecture or has values that are no numbers.
     */
    Embedder load(EncoderManifest manifest, byte[] safetensors);

    /** Whether the encoded image can be decoded. */
    boolean decodes(byte[] image);
}
