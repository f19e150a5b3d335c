package org.millrace.keystore;

import static org.millrace.contract.Check.check;

import java.nio.file.Path;

/**
 * What a store is made for, and checked against when it is opened again.
 *
 * @param topic the topic whose images the keys belong to; fixed for the life of a store
 * @param dimension numbers in a key, C; fixed for the life of a store
 * @param capacity keys in the dictionary, K; only sizes buffers, and may change
 */
public record KeyStoreSettings(String topic, int dimension, int capacity) {
    public KeyStoreSettings {
        check(!topic.isBlank(), "topic must not be blank");
        check(dimension >= 1, "dimension must be at least 1, but was %d", dimension);
        check(capacity >= 1, "capacity must be at least 1, but was %d", capacity);
    }

    /** Opens the store in that folder, or makes it. One process at a time; the caller closes it. */
    public KeyStore open(Path folder) {
        return RocksKeyStore.open(folder, this);
    }

    /** A new, empty store on the heap. */
    public KeyStore openInMemory() {
        return new InMemoryKeyStore(this);
    }

    long dictionaryBytes() {
        return (long) capacity * dimension * Float.BYTES;
    }
}
