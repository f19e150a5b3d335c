package org.millrace.evaluator;

import org.millrace.contract.event.EncoderManifest;

/** An encoder put together again: what it is, and the bytes of its safetensors file, whose SHA-256 is the manifest's. */
final class PublishedEncoder {
    private final EncoderManifest manifest;
    private final byte[] safetensors;

    PublishedEncoder(EncoderManifest manifest, byte[] safetensors) {
        this.manifest = manifest;
        this.safetensors = safetensors;
    }

    EncoderManifest manifest() {
        return manifest;
    }

    long version() {
        return manifest.version();
    }

    /** The file: read it, do not write to it. */
    byte[] safetensors() {
        return safetensors;
    }
}
