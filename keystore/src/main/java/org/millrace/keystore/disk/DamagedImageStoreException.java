package org.millrace.keystore.disk;

import org.millrace.contract.UserException;

/** An image store does not hold, or not as it was written, what it was asked for. Its message is meant for the user. */
public final class DamagedImageStoreException extends UserException {
    private static final long serialVersionUID = 1;
    private static final String ADVICE =
            ". Move that folder away and start again: the images are fetched again where the log still holds them, and where it does"
                    + " not, the run goes back to a checkpoint that does not need them.";

    public DamagedImageStoreException(String store, String place, String expected, String actual) {
        super("The image store %s is damaged at %s: expected %s, but found %s%s"
                .formatted(store, place, expected, actual, ADVICE));
    }

    DamagedImageStoreException(String store, String problem, Throwable cause) {
        super("The image store %s is damaged: %s%s".formatted(store, problem, ADVICE), cause);
    }
}
