package org.millrace.contract.config;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** Makes a group's record from its keys; problems are added to a list instead of thrown, so that all are seen together. */
final class RecordBinder {
    private final Map<String, String> values;
    private final List<String> problems;

    RecordBinder(Map<String, String> values, List<String> problems) {
        this.values = values;
        this.problems = problems;
    }

    /** The keys of a group, in the order of its components. */
    static List<ConfigKey> keys(String group, Class<?> type) {
        List<ConfigKey> keys = new ArrayList<>();
        for (RecordComponent component : type.getRecordComponents()) {
            Setting setting = component.getAnnotation(Setting.class);
            keys.add(new ConfigKey(
                    group + "." + kebab(component.getName()), setting.value(), setting.doc(), setting.effect()));
        }
        return keys;
    }

    /** The group's record, or empty after adding what is wrong with it. */
    <T extends Record> Optional<T> bind(String group, Class<T> type) {
        RecordComponent[] components = type.getRecordComponents();
        Object[] arguments = new Object[components.length];
        int before = problems.size();
        for (int i = 0; i < components.length; i++) {
            String key = group + "." + kebab(components[i].getName());
            String text = values.getOrDefault(
                    key, components[i].getAnnotation(Setting.class).value());
            try {
                arguments[i] = parse(text.trim(), components[i].getGenericType());
            } catch (IllegalArgumentException e) {
                problems.add(key + " must be " + wanted(components[i].getGenericType(), text.trim()) + ", but was '"
                        + text + "'");
            }
        }
        if (problems.size() > before) {
            return Optional.empty();
        }
        try {
            return Optional.of(make(type, arguments));
        } catch (InvocationTargetException e) {
            problems.add(e.getTargetException().getMessage());
            return Optional.empty();
        }
    }

    /** The record of these components; throws what its constructor refuses. */
    static <T extends Record> T make(Class<T> type, Object[] arguments) throws InvocationTargetException {
        Class<?>[] types = Arrays.stream(type.getRecordComponents())
                .map(RecordComponent::getType)
                .toArray(Class<?>[]::new);
        try {
            return type.getDeclaredConstructor(types).newInstance(arguments);
        } catch (InvocationTargetException e) {
            throw e;
        } catch (ReflectiveOperationException e) {
            throw new LinkageError("cannot make " + type, e);
        }
    }

    /** The text that would parse to this value. */
    static String text(Object value) {
        if (value instanceof Enum<?> constant) {
            return kebab(constant);
        }
        if (value instanceof List<?> list) {
            return list.stream().map(String::valueOf).collect(Collectors.joining(","));
        }
        return String.valueOf(value);
    }

    static String kebab(String camelCase) {
        return camelCase.replaceAll("([a-z0-9])([A-Z])", "$1-$2").toLowerCase(Locale.ROOT);
    }

    private static String kebab(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static Object parse(String text, Type type) {
        if (type == int.class) {
            return Integer.parseInt(text);
        }
        if (type == long.class) {
            return Long.parseLong(text);
        }
        if (type == double.class) {
            return finite(Double.parseDouble(text));
        }
        if (type == boolean.class) {
            return switch (text) {
                case "true" -> true;
                case "false" -> false;
                default -> throw new IllegalArgumentException(text);
            };
        }
        if (type == String.class) {
            return text;
        }
        if (type == Path.class) {
            return path(text);
        }
        if (type instanceof ParameterizedType list && list.getActualTypeArguments()[0] == Long.class) {
            return text.isEmpty()
                    ? List.of()
                    : Arrays.stream(text.split(",", -1))
                            .map(item -> Long.parseLong(item.trim()))
                            .toList();
        }
        if (type instanceof ParameterizedType list && list.getRawType() == List.class) {
            return Arrays.stream(text.split(",", -1))
                    .map(item -> (float) finite(Double.parseDouble(item.trim())))
                    .toList();
        }
        if (type instanceof Class<?> raw && raw.isEnum()) {
            return Arrays.stream(raw.getEnumConstants())
                    .filter(constant -> kebab((Enum<?>) constant).equals(text))
                    .findFirst()
                    .orElseThrow(() -> new IllegalArgumentException(text));
        }
        throw new LinkageError("no parser for " + type);
    }

    private static Path path(String text) {
        if (text.indexOf('\ufffd') >= 0) {
            throw new IllegalArgumentException(text); // what stands for bytes that are not text
        }
        return Path.of(text);
    }

    private static double finite(double value) {
        if (!Double.isFinite(value)) {
            throw new IllegalArgumentException("not finite");
        }
        return value;
    }

    private static String wanted(Type type, String text) {
        if (type == int.class || type == long.class) {
            boolean large = text.matches("[+-]?\\d+");
            return "a whole number"
                    + (large ? " of at most " + (type == int.class ? Integer.MAX_VALUE : Long.MAX_VALUE) : "");
        }
        if (type == double.class) {
            return "a finite number";
        }
        if (type == boolean.class) {
            return "true or false";
        }
        if (type instanceof ParameterizedType list && list.getActualTypeArguments()[0] == Long.class) {
            return "whole numbers with commas between them";
        }
        if (type instanceof ParameterizedType) {
            return "numbers with commas between them";
        }
        if (type instanceof Class<?> raw && raw.isEnum()) {
            return Arrays.stream(raw.getEnumConstants())
                    .map(constant -> kebab((Enum<?>) constant))
                    .collect(Collectors.joining(", ", "one of ", ""));
        }
        if (type == Path.class) {
            return "a path that the locale's encoding (%s) can write; set LC_ALL=C.UTF-8 for any but ASCII"
                    .formatted(System.getProperty("sun.jnu.encoding"));
        }
        return "a " + type.getTypeName();
    }
}
