package org.millrace.contract.event;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Whether an event is whole: JSON may leave any field out or say null, and Jackson then makes a record with a null in it. Goes through
 * the events of this package and what they hold of it, not through configurations, whose new fields older writers did not have.
 */
final class Components {
    private static final ClassValue<RecordComponent[]> OF = new ClassValue<>() {
        @Override
        protected RecordComponent[] computeValue(Class<?> type) {
            return type.isRecord() && type.getPackage() == Components.class.getPackage()
                    ? type.getRecordComponents()
                    : new RecordComponent[0];
        }
    };

    private Components() {}

    /** The path of a component that is null, such as {@code linear.accuracy}; empty where there is none. */
    static Optional<String> missing(Object value) {
        if (value instanceof Optional<?> optional) {
            return optional.flatMap(Components::missing);
        } else if (value instanceof Collection<?> elements) {
            return missing(elements);
        } else if (value instanceof Map<?, ?> map) {
            return missing(map.values());
        }
        for (RecordComponent component : OF.get(value.getClass())) {
            Optional<String> missing = missing(component.getName(), read(component, value));
            if (missing.isPresent()) {
                return missing;
            }
        }
        return Optional.empty();
    }

    private static Optional<String> missing(Collection<?> elements) {
        for (@Nullable Object element : elements) {
            Optional<String> missing = missing("[]", element);
            if (missing.isPresent()) {
                return missing;
            }
        }
        return Optional.empty();
    }

    private static Optional<String> missing(String name, @Nullable Object value) {
        return value == null ? Optional.of(name) : missing(value).map(inner -> name + "." + inner);
    }

    private static @Nullable Object read(RecordComponent component, Object record) {
        try {
            return component.getAccessor().invoke(record);
        } catch (IllegalAccessException | InvocationTargetException e) {
            throw new IllegalStateException(e);
        }
    }
}
