package org.millrace.contract;

/**
 * A failure that the user can mend: its message says what, where, got, wanted, and what to do next.
 *
 * <p>The command line prints the message alone, without a stack trace, and exits with 1.
 */
public class UserException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public UserException(String message) {
        super(message);
    }

    public UserException(String message, Throwable cause) {
        super(message, cause);
    }
}
