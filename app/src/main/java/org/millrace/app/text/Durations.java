package org.millrace.app.text;

import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Converts a time on the command line: {@code 200ms}, {@code 1.5s}, {@code 2m}, {@code 1h}. */
public final class Durations implements ITypeConverter<Duration> {
    private static final Pattern FORM = Pattern.compile("(\\d{1,9}(?:\\.\\d{1,3})?)(ms|s|m|h)");

    @Override
    public Duration convert(String text) {
        Matcher time = FORM.matcher(text);
        if (!time.matches()) {
            throw new TypeConversionException("must be a time such as 200ms, 1.5s, 2m or 1h, but was '" + text + "'");
        }
        double unitMillis = switch (time.group(2)) {
            case "ms" -> 1;
            case "s" -> 1_000;
            case "m" -> 60_000;
            default -> 3_600_000;
        };
        return Duration.ofMillis(Math.round(Double.parseDouble(time.group(1)) * unitMillis));
    }
}
