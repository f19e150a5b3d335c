package org.millrace.contract.config;

import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/** Which settings are secret: the token of HTTP, and of Kafka's settings, whose keys are not ours, those that look like it. */
public final class Secrets {
    static final String HTTP_TOKEN = "http.token";

    private static final String MASK = "********";
    private static final Pattern KEY = Pattern.compile(
            "kafka(?=\\.).*(password|passwd|pwd|passphrase|secret|token|jaas|credential|user[._-]?info|private"
                    + "|[._-](api|access)?[._-]?key([._-]pem)?$|[._-](pin|pw|bearer|authorization)$|(?<!\\.client)[._-]auth$).*");
    /** A secret within a value: one of several assignments, an HTTP authorization, or in an address. */
    private static final Pattern VALUE =
            Pattern.compile("(?i)(password|secret|token)\\s*=\\s*\\S|\\b(bearer|basic)\\s+\\S|://[^/@\\s]*:[^/@\\s]+@");
    /** Where Kafka's clients find a value elsewhere (config.providers). */
    private static final String REFERENCE = "\\$\\{[^}]*}";

    private Secrets() {}

    static boolean isSecret(String key, String value) {
        boolean named = key.equals(HTTP_TOKEN)
                || KEY.matcher(key.toLowerCase(Locale.ROOT)).matches();
        return !value.isEmpty()
                && !value.matches(REFERENCE)
                && (named || VALUE.matcher(value).find());
    }

    /** The value as it may be shown. */
    static String masked(String key, String value) {
        return isSecret(key, value) ? MASK : value;
    }

    /** An address as it may be shown: without the name and password in it. */
    public static String withoutPassword(String address) {
        return address.replaceAll("://[^/@\\s]*@", "://" + MASK + "@");
    }

    /** What is wrong with an assignment {@code key=value} on the command line, which every user of the machine can read. */
    public static Optional<String> exposedBy(String assignment) {
        int equals = assignment.indexOf('=');
        String key = equals < 0 ? assignment : assignment.substring(0, equals).trim();
        if (equals < 0 || !isSecret(key, assignment.substring(equals + 1))) {
            return Optional.empty();
        }
        String file = key.equals(HTTP_TOKEN) ? ", or http.token-file to a file that holds it" : "";
        return Optional.of(
                "--set " + key + "=… would stand in the list of processes, which every user of this machine can read: "
                        + "set the environment variable " + ConfigLoader.variableOf(key)
                        + ", or write it to a file for --config" + file);
    }
}
