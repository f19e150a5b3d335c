package org.millrace.server.http;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The query parameters of a request, decoded strictly: complete percent escapes, UTF-8, each name once. */
record Query(Map<String, String> parameters) {
    Query {
        parameters = Map.copyOf(parameters);
    }

    /** Throws {@link HttpProblem} 400 where the text is malformed. */
    static Query parse(@Nullable String text) {
        Map<String, String> parameters = new LinkedHashMap<>();
        if (text != null) {
            for (String part : text.split("&", -1)) {
                int equals = part.indexOf('=');
                String name = decoded(equals < 0 ? part : part.substring(0, equals));
                String value = equals < 0 ? "" : decoded(part.substring(equals + 1));
                if (!part.isEmpty() && parameters.putIfAbsent(name, value) != null) {
                    throw new HttpProblem(400, "the query parameter '" + name + "' is given twice; give it once");
                }
            }
        }
        return new Query(parameters);
    }

    Optional<String> get(String name) {
        return Optional.ofNullable(parameters.get(name));
    }

    private static String decoded(String text) {
        var bytes = new ByteArrayOutputStream(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '%') {
                boolean whole = i + 2 < text.length();
                int high = whole ? Character.digit(text.charAt(i + 1), 16) : -1;
                int low = whole ? Character.digit(text.charAt(i + 2), 16) : -1;
                if (high < 0 || low < 0) {
                    throw new HttpProblem(
                            400, "the query has a '%' that two hexadecimal digits must follow (a '%' itself is %25)");
                }
                bytes.write(16 * high + low);
                i += 2;
            } else if (c == '+') {
                bytes.write(' ');
            } else {
                bytes.writeBytes(String.valueOf(c).getBytes(StandardCharsets.UTF_8));
            }
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes.toByteArray()))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new HttpProblem(400, "the query is not UTF-8 once its percent escapes are decoded");
        }
    }
}
