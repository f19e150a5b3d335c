package org.millrace.keystore.disk;

import org.millrace.contract.UserException;

/**
 * The store does not hold what it should: bytes changed on disk, or it ends before the key that was asked for. Its message is
 * meant for the user. An earlier checkpoint may still find its keys.
 */
public final class DamagedKeyStoreException extends UserException {
    private static final long serialVersionUID = 1;
    private static final String ADVICE =
            ". Move that folder away and start again: the run then goes back to where it needs no keys, and computes what"
                    + " follows again from its journal, to the same bits, as far as the log still holds its images.";

    public DamagedKeyStoreException(String store, String place, String expected, String actual) {
        super("The key store %s is damaged at %s: expected %s, but found %s%s"
                .formatted(store, place, expected, actual, ADVICE));
    }

    DamagedKeyStoreException(String store, String problem, Throwable cause) {
        super("The key store %s is damaged: %s%s".formatted(store, problem, ADVICE), cause);
    }
}
