package org.millrace.app.broker;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** Server properties of a single node, both broker and controller, sized for a small machine, loopback only. */
final class BrokerProperties {
    static final int NODE = 1;
    static final String CONTROLLER_LISTENER = "CONTROLLER";
    private static final int MAX_MESSAGE_BYTES = 16 << 20;
    private static final int CLEANER_BYTES = 16 << 20;
    private static final long LEAST_SEGMENT_BYTES = 2L * MAX_MESSAGE_BYTES;
    private static final long MOST_SEGMENT_BYTES = 1L << 30;
    private static final int SEGMENTS = 16; // in a budget

    private BrokerProperties() {}

    /** Of a broker that frees at once, and in small pieces, what is deleted to keep within a budget. */
    static Map<String, String> of(Path folder, Ports ports, long retentionMillis, long budgetBytes) {
        Map<String, String> properties = of(folder, ports, retentionMillis);
        if (budgetBytes > 0) {
            long segment = Math.min(MOST_SEGMENT_BYTES, Math.max(LEAST_SEGMENT_BYTES, budgetBytes / SEGMENTS));
            properties.put("log.segment.bytes", String.valueOf(segment));
            properties.put("log.retention.check.interval.ms", "10000");
            properties.put("log.segment.delete.delay.ms", "1000");
        }
        return properties;
    }

    static Map<String, String> of(Path folder, Ports ports, long retentionMillis) {
        Map<String, String> properties = new HashMap<>();
        properties.put("process.roles", "broker,controller");
        properties.put("node.id", String.valueOf(NODE));
        properties.put("log.dirs", folder.toString());
        properties.put(
                "listeners", "PLAINTEXT://" + ports.broker() + "," + CONTROLLER_LISTENER + "://" + ports.controller());
        properties.put("advertised.listeners", "PLAINTEXT://" + ports.broker());
        properties.put("listener.security.protocol.map", "PLAINTEXT:PLAINTEXT," + CONTROLLER_LISTENER + ":PLAINTEXT");
        properties.put("controller.listener.names", CONTROLLER_LISTENER);
        // static voters tolerate another port at each start, dynamic ones do not
        properties.put("controller.quorum.voters", NODE + "@" + ports.controller());

        // after a hard kill the new broker waits until the session of the killed one has expired: 9 s by default
        properties.put("broker.session.timeout.ms", "2000");
        properties.put("broker.heartbeat.interval.ms", "250");

        // a single voter has no rivals to wait for: 1 s by default, at each start
        properties.put("controller.quorum.election.timeout.ms", "100");
        properties.put("controller.quorum.election.backoff.max.ms", "100");

        properties.put("auto.create.topics.enable", "false");
        properties.put("message.max.bytes", String.valueOf(MAX_MESSAGE_BYTES));
        properties.put("replica.fetch.max.bytes", String.valueOf(MAX_MESSAGE_BYTES));
        properties.put("log.retention.ms", String.valueOf(retentionMillis));
        properties.put("log.cleaner.dedupe.buffer.size", String.valueOf(CLEANER_BYTES));

        properties.put("offsets.topic.num.partitions", "1");
        properties.put("offsets.topic.replication.factor", "1");
        properties.put("transaction.state.log.num.partitions", "1");
        properties.put("transaction.state.log.replication.factor", "1");
        properties.put("transaction.state.log.min.isr", "1");
        properties.put("share.coordinator.state.topic.num.partitions", "1");
        properties.put("share.coordinator.state.topic.replication.factor", "1");
        properties.put("share.coordinator.state.topic.min.isr", "1");
        properties.put("group.initial.rebalance.delay.ms", "0");

        properties.put("num.network.threads", "2");
        properties.put("num.io.threads", "4");
        properties.put("background.threads", "2");
        return properties;
    }
}
