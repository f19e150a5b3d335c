package org.millrace.keystore.disk;

import org.millrace.contract.UserException;

/**
 * A store does not hold what it should: bytes changed on disk, or something that was put there is missing. Its message is meant for the
 * user. An earlier checkpoint may still find what it needs.
 */
public final class DamagedStoreException extends UserException {
    private static final long serialVersionUID = 1;

    /**
     * @param store how errors name the store
     * @param place where in it
     */
    public DamagedStoreException(StoreKind kind, String store, String place, String expected, String actual) {
        super(kind.damaged(store, " at %s: expected %s, but found %s".formatted(place, expected, actual)));
    }

    DamagedStoreException(StoreKind kind, String store, String problem, Throwable cause) {
        super(kind.damaged(store, ": " + problem), cause);
    }
}
