package org.millrace.encoder.image;

import java.io.EOFException;
import java.nio.BufferUnderflowException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** What a decoder's exception means, in words for users. Messages of libraries that have no entry here are quoted. */
final class DecoderWords {
    private static final String SHORT = "it ends before its last pixel";
    private static final String INCONSISTENT = "its compressed data contradicts itself";

    /** By a part of the library's message; the first that fits counts. */
    private static final Map<String, String> WORDS = new LinkedHashMap<>();

    static {
        WORDS.put("Unexpected end of ZLIB", SHORT);
        WORDS.put("Unexpected end", SHORT);
        WORDS.put("Premature end", SHORT);
    }

    private DecoderWords() {}

    static String of(Exception problem) {
        if (problem instanceof EOFException) {
            return SHORT;
        }
        String message = firstLine(problem);
        Optional<String> own = WORDS.entrySet().stream()
                .filter(entry -> message.contains(entry.getKey()))
                .map(Map.Entry::getValue)
                .findFirst();
        if (own.isPresent()) {
            return own.get();
        }
        boolean fault = problem instanceof IndexOutOfBoundsException
                || problem instanceof BufferUnderflowException
                || problem instanceof NegativeArraySizeException
                || problem instanceof ArithmeticException
                || problem instanceof NullPointerException
                || problem instanceof ClassCastException;
        return fault || message.isEmpty() ? INCONSISTENT : "the decoder says: " + message;
    }

    private static String firstLine(Exception problem) {
        String message = problem.getMessage();
        return message == null ? "" : message.lines().findFirst().orElse("");
    }
}
