package org.millrace.contract;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RunTopicsTest {
    /** A topic that is missing there would outlive the run's deletion. */
    @Test
    void all_hasEveryTopic() throws ReflectiveOperationException {
        RunTopics topics = new RunTopics("r");
        List<String> each = new ArrayList<>();
        for (Method method : RunTopics.class.getDeclaredMethods()) {
            if (method.getParameterCount() == 0
                    && method.getReturnType() == String.class
                    && String.valueOf(method.invoke(topics)).startsWith("r.")) {
                each.add(String.valueOf(method.invoke(topics)));
            }
        }
        assertThat(topics.all()).containsExactlyInAnyOrderElementsOf(each).hasSizeGreaterThan(10);
    }
}
