package org.millrace.contract.registry;

import org.millrace.contract.event.SpaceManifest;

/** An adapter as it travels: what it is, and the bytes of its file, whose SHA-256 is the manifest's. */
public final class PublishedSpace {
    private final SpaceManifest manifest;
    private final byte[] file;

    /** @param file taken over, not copied */
    PublishedSpace(SpaceManifest manifest, byte[] file) {
        this.manifest = manifest;
        this.file = file;
    }

    public SpaceManifest manifest() {
        return manifest;
    }

    /** The file, as {@link SpaceManifest#bytes} says: read it, do not write to it. */
    public byte[] file() {
        return file;
    }
}
