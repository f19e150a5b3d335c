package org.millrace.contract.registry;

import org.millrace.contract.event.EncoderManifest;

/** An encoder as it travels: what it is, and the bytes of its safetensors file, whose SHA-256 is the manifest's. */
public final class PublishedEncoder {
    private final EncoderManifest manifest;
    private final byte[] safetensors;

    /** @param safetensors taken over, not copied */
    public PublishedEncoder(EncoderManifest manifest, byte[] safetensors) {
        this.manifest = manifest;
        this.safetensors = safetensors;
    }

    public EncoderManifest manifest() {
        return manifest;
    }

    public long version() {
        return manifest.version();
    }

    /** The file: read it, do not write to it. */
    public byte[] safetensors() {
        return safetensors;
    }
}
