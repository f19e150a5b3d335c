package org.millrace.server.http;

import java.util.OptionalInt;

/** An error response: its message says what, got, wanted, and becomes the body {@code {"error": …}}. */
public final class HttpProblem extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final int status;
    private final int retryAfterSeconds;

    public HttpProblem(int status, String message) {
        this(status, message, 0);
    }

    private HttpProblem(int status, String message, int retryAfterSeconds) {
        super(message, null, false, false); // no stack trace: it is a response, not a fault
        this.status = status;
        this.retryAfterSeconds = retryAfterSeconds;
    }

    /** 429: too much load now. */
    public static HttpProblem busy(String message) {
        return new HttpProblem(429, message, 1);
    }

    /** 429: more requests than the client's token allows. */
    static HttpProblem tooMany(String message, int retryAfterSeconds) {
        return new HttpProblem(429, message, retryAfterSeconds);
    }

    /** 503: something required is not available now. */
    public static HttpProblem unavailable(String message) {
        return new HttpProblem(503, message, 5);
    }

    public int status() {
        return status;
    }

    /** When to try again, for {@code Retry-After}. */
    public OptionalInt retryAfterSeconds() {
        return retryAfterSeconds == 0 ? OptionalInt.empty() : OptionalInt.of(retryAfterSeconds);
    }
}
