package org.millrace.contract.kafka;

import java.security.cert.CertificateExpiredException;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.security.auth.login.LoginException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.DisconnectException;
import org.apache.kafka.common.errors.SslAuthenticationException;

/** Why the broker did not do what was asked, in words for users: without the client's names of its own calls, nodes and requests. */
public final class BrokerWords {
    private static final String SLOW = "the time limit for it has passed";
    private static final String GONE = "it closed the connection";

    private static final Pattern NAMED =
            Pattern.compile("idValue='(.*)', type=(GROUP|TRANSACTION)\\)|transactionalId `(.*)` failed");

    private BrokerWords() {}

    /** A clause about the broker, such as {@code it closed the connection}. */
    public static String of(Throwable failure) {
        Throwable cause = failure;
        while (cause.getCause() != null
                && (cause instanceof ExecutionException || cause.getClass().equals(KafkaException.class))) {
            cause = cause.getCause();
        }
        if (cause instanceof LoginException) {
            return ofLogin(String.valueOf(cause.getMessage()));
        }
        if (isSilence(cause) || cause instanceof TimeoutException) {
            return cause instanceof DisconnectException ? GONE : SLOW;
        }
        String message = cause.getMessage();
        Matcher lacking = NAMED.matcher(String.valueOf(message));
        if (cause instanceof AuthorizationException && lacking.find()) {
            return "GROUP".equals(lacking.group(2))
                    ? "no right to the group " + lacking.group(1)
                    : "no right to the transactional id "
                            + Objects.requireNonNullElse(lacking.group(1), lacking.group(3));
        }
        String plain = message == null
                ? ""
                : message.replaceAll("\\s*\\(?\\bCall\\b: ?\\w+.*", "").strip();
        String words = plain.isEmpty() ? cause.getClass().getSimpleName() : plain;
        return cause instanceof SslAuthenticationException ? ofTls(words, innermost(cause)) : words;
    }

    // Java puts what a login module threw into the message as a printed stack trace
    private static String ofLogin(String message) {
        String first = message.lines().findFirst().orElse("").strip();
        return first.replaceFirst("^(?:(?:\\w+\\.)+[\\w$]+: )+", "");
    }

    private static String ofTls(String words, Throwable innermost) {
        if (innermost instanceof CertificateExpiredException) {
            return "its certificate has expired: " + innermost.getMessage();
        }
        // with TLS 1.3 the client learns only after the handshake that the broker does not accept it
        return words.contains("post-handshake")
                ? "it wants a certificate that it can trust (kafka.ssl.keystore.location): " + innermost.getMessage()
                : words + ": " + innermost.getMessage();
    }

    // what is wrong with a certificate stands only there
    private static Throwable innermost(Throwable failure) {
        Throwable last = failure;
        while (last.getCause() != null) {
            last = last.getCause();
        }
        return last;
    }

    /** Whether the broker does not let this user do what was asked. */
    public static boolean isRefusal(Throwable cause) {
        return cause instanceof AuthorizationException || cause instanceof AuthenticationException;
    }

    /** Whether the client had nothing to show to the broker: its login settings are wrong, or it was given no token. */
    public static boolean isLogin(Throwable failure) {
        return failure instanceof LoginException || (failure.getCause() != null && isLogin(failure.getCause()));
    }

    /** Whether the broker gave no answer at all, so that the same may succeed later. */
    public static boolean isSilence(Throwable cause) {
        return cause instanceof org.apache.kafka.common.errors.TimeoutException || cause instanceof DisconnectException;
    }
}
