package org.millrace.encoder.selftest;

/** A number that is not what it should be; the message says which, what it is and what was wanted. */
final class WrongNumberException extends RuntimeException {
    private static final long serialVersionUID = 1;

    WrongNumberException(String message) {
        super(message);
    }
}
