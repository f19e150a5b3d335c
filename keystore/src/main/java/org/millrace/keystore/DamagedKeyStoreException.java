package org.millrace.keystore;

import org.millrace.contract.UserException;

/**
 * The store does not hold what it should: bytes changed on disk, or it ends before the key that was asked for. Its message is
 * meant for the user. An earlier checkpoint may still find its keys.
 */
public final class DamagedKeyStoreException extends UserException {
    private static final long serialVersionUID = 1;
    private static final String ADVICE =
            ". Go on from an earlier checkpoint, or delete the key store to begin with an empty one.";

    DamagedKeyStoreException(String store, String place, String expected, String actual) {
        super("The key store %s is damaged at %s: expected %s, but found %s%s"
                .formatted(store, place, expected, actual, ADVICE));
    }

    DamagedKeyStoreException(String store, String problem, Throwable cause) {
        super("The key store %s is damaged: %s%s".formatted(store, problem, ADVICE), cause);
    }
}
