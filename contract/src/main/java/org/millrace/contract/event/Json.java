package org.millrace.contract.event;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.KeyDeserializer;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.deser.std.StdScalarDeserializer;
import com.fasterxml.jackson.databind.deser.std.StringDeserializer;
import com.fasterxml.jackson.databind.exc.InvalidTypeIdException;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.exc.ValueInstantiationException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.Collection;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.OutsideText;

/**
 * The codec of the events: UTF-8 JSON, unknown fields ignored so that an older reader survives a newer writer. Thread safe.
 *
 * <p>Anyone may have written what is read: nesting, texts and numbers are bounded here, for every reader, and every text and every name in
 * a map becomes one line without control characters ({@link OutsideText#visible}), so that none can forge what is printed.
 */
public final class Json {
    private static final StreamReadConstraints BOUNDS = StreamReadConstraints.builder()
            .maxNestingDepth(32)
            .maxStringLength(1 << 20)
            .maxNameLength(64 << 10)
            .maxNumberLength(100)
            .build();
    private static final ObjectMapper MAPPER = JsonMapper.builder(
                    JsonFactory.builder().streamReadConstraints(BOUNDS).build())
            .addModule(new Jdk8Module())
            .addModule(visibleText())
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();
    private static final ObjectWriter PRETTY = MAPPER.writerWithDefaultPrettyPrinter();

    private Json() {}

    private static SimpleModule visibleText() {
        return new SimpleModule()
                .addDeserializer(String.class, new StdScalarDeserializer<>(String.class) {
                    @Override
                    public String deserialize(JsonParser parser, DeserializationContext context) throws IOException {
                        return OutsideText.visible(StringDeserializer.instance.deserialize(parser, context));
                    }
                })
                .addKeyDeserializer(String.class, new KeyDeserializer() {
                    @Override
                    public Object deserializeKey(String key, DeserializationContext context) {
                        return OutsideText.visible(key);
                    }
                });
    }

    public static byte[] write(Object event) {
        try {
            return MAPPER.writeValueAsBytes(event);
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The event as indented text, for files that people read. */
    public static String writePretty(Object event) {
        try {
            return PRETTY.writeValueAsString(event);
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Reads an event; throws {@link UncheckedIOException} where the bytes are not that event's JSON, or a field is missing. */
    public static <T> T read(byte[] json, Class<T> type) {
        try {
            @Nullable T event = MAPPER.readValue(json, type);
            if (event == null) {
                throw new IOException("it is null");
            }
            Optional<String> missing = Components.missing(event);
            if (missing.isPresent()) {
                throw new IOException("the field " + missing.get() + " is missing");
            }
            return event;
        } catch (IOException e) {
            throw new UncheckedIOException("no " + words(type) + ": " + why(e), e);
        }
    }

    /** {@code encoder manifest} of {@code EncoderManifest}. */
    private static String words(Class<?> type) {
        return type.getSimpleName().replaceAll("(?<=.)(?=[A-Z])", " ").toLowerCase(Locale.ROOT);
    }

    /** Without the names of classes, which Jackson's own words have. */
    private static String why(IOException problem) {
        if (problem instanceof InvalidTypeIdException unknown) {
            return "its type is " + (unknown.getTypeId() == null ? "missing" : "'" + unknown.getTypeId() + "'");
        } else if (problem instanceof ValueInstantiationException refused && refused.getCause() != null) {
            return refused.getCause() instanceof IllegalArgumentException range
                    ? String.valueOf(range.getMessage())
                    : "a field is missing";
        } else if (problem instanceof JsonMappingException mismatch) {
            String path = mismatch.getPath().stream()
                    .map(part -> part.getFieldName() == null ? "[" + part.getIndex() + "]" : part.getFieldName())
                    .collect(Collectors.joining("."));
            return (path.isEmpty() ? "it is " : "the field " + path + " is ") + otherThan(mismatch);
        }
        return problem instanceof JsonProcessingException syntax
                ? syntax.getOriginalMessage()
                : String.valueOf(problem.getMessage());
    }

    private static String otherThan(JsonMappingException mismatch) {
        @Nullable Class<?> type = mismatch instanceof MismatchedInputException input ? input.getTargetType() : null;
        if (type == null) {
            return "of another kind";
        } else if (type.isEnum()) {
            return "none of " + Arrays.toString(type.getEnumConstants());
        } else if (type == boolean.class || type == Boolean.class) {
            return "neither true nor false";
        } else if (type == int.class || type == long.class || type == Integer.class || type == Long.class) {
            return "not a whole number of " + (type == int.class || type == Integer.class ? "32" : "64") + " bits";
        } else if (type.isPrimitive() || Number.class.isAssignableFrom(type)) {
            return "not a number";
        } else if (type == String.class) {
            return "not a text";
        } else if (Collection.class.isAssignableFrom(type)) {
            return "not an array";
        }
        return type.isRecord() || Map.class.isAssignableFrom(type) ? "not an object" : "of another kind";
    }
}
