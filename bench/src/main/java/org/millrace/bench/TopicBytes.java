package org.millrace.bench;

import java.lang.management.ManagementFactory;
import java.util.Map;
import java.util.TreeMap;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;

/**
 * What the broker of this process has taken in and handed out, by its own meters {@code BrokerTopicMetrics}.
 *
 * @param in bytes by topic
 * @param out bytes by topic
 */
record TopicBytes(Map<String, Long> in, Map<String, Long> out) {
    static TopicBytes now() {
        return new TopicBytes(counts("BytesInPerSec"), counts("BytesOutPerSec"));
    }

    private static Map<String, Long> counts(String meter) {
        MBeanServer beans = ManagementFactory.getPlatformMBeanServer();
        Map<String, Long> counts = new TreeMap<>();
        try {
            var all = new ObjectName("kafka.server:type=BrokerTopicMetrics,name=" + meter + ",topic=*");
            for (ObjectName name : beans.queryNames(all, null)) {
                counts.put(name.getKeyProperty("topic"), ((Number) beans.getAttribute(name, "Count")).longValue());
            }
        } catch (JMException e) {
            throw new IllegalStateException("the broker's meters cannot be read", e);
        }
        return counts;
    }

    /** What has come since an earlier reading. */
    TopicBytes since(TopicBytes before) {
        return new TopicBytes(since(in, before.in), since(out, before.out));
    }

    private static Map<String, Long> since(Map<String, Long> now, Map<String, Long> before) {
        Map<String, Long> since = new TreeMap<>(now);
        since.replaceAll((topic, count) -> count - before.getOrDefault(topic, 0L));
        return since;
    }

    long in(String topic) {
        return in.getOrDefault(topic, 0L);
    }

    long out(String topic) {
        return out.getOrDefault(topic, 0L);
    }
}
