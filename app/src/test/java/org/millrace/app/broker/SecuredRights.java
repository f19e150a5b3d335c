package org.millrace.app.broker;

import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.resource.ResourceType;

/** The table of docs/security.md: what a user of each role may do, on the runs {@code main} and {@code wide}. */
final class SecuredRights {
    /** {@code rival} has all of the trainer's rights but that to its transactions, {@code stranger} has none. */
    static final List<String> USERS = List.of(
            "admin",
            "camera",
            "trainer",
            "rival",
            "evaluator",
            "stranger",
            "drift",
            "page",
            "embedder",
            "watcher",
            "workers",
            "cleaner");

    private SecuredRights() {}

    static List<AclBinding> all() {
        List<AclBinding> all = new ArrayList<>();
        allow(all, "camera", AclOperation.WRITE, "images", "probe", "images.rejected");

        for (String user : List.of("trainer", "rival")) {
            allow(all, user, AclOperation.READ, "images", "images.rejected", "main.steps");
            allow(all, user, AclOperation.WRITE, "images.rejected", "main.steps", "main.encoders");
            allow(all, user, AclOperation.DESCRIBE, "main.evaluations");
        }
        all.add(SecuredClients.allow("trainer", ResourceType.TRANSACTIONAL_ID, "millrace-main", AclOperation.WRITE));

        allow(
                all,
                "evaluator",
                AclOperation.READ,
                "probe",
                "main.steps",
                "main.encoders",
                "main.spaces",
                "main.evaluations");
        allow(all, "evaluator", AclOperation.WRITE, "main.evaluations", "main.spaces");

        allow(all, "watcher", AclOperation.READ, "images.watched");
        allow(all, "watcher", AclOperation.WRITE, "images", "images.rejected", "images.watched");
        all.add(SecuredClients.allowAll(
                "watcher", ResourceType.TRANSACTIONAL_ID, "millrace-watch-", AclOperation.WRITE));

        allow(
                all,
                "drift",
                AclOperation.READ,
                "images",
                "main.steps",
                "main.encoders",
                "main.evaluations",
                "main.statistics",
                "main.drift",
                "main.drift-orders");
        allow(all, "drift", AclOperation.WRITE, "main.statistics", "main.drift");
        for (var operation : List.of(AclOperation.READ, AclOperation.WRITE, AclOperation.CREATE, AclOperation.DELETE)) {
            all.add(SecuredClients.allowAll("drift", ResourceType.TOPIC, "millrace-drift-main-", operation));
        }
        for (String group : List.of("millrace-features-main", "millrace-drift-main")) {
            all.add(SecuredClients.allow("drift", ResourceType.GROUP, group, AclOperation.READ));
        }
        all.add(SecuredClients.allow(
                "drift", ResourceType.TRANSACTIONAL_ID, "millrace-features-main", AclOperation.WRITE));
        all.add(SecuredClients.allowAll(
                "drift", ResourceType.TRANSACTIONAL_ID, "millrace-drift-main-", AclOperation.WRITE));

        all.add(SecuredClients.allowAll("page", ResourceType.TOPIC, "main.", AclOperation.READ));
        allow(all, "page", AclOperation.READ, "images", "probe", "images.rejected");
        allow(all, "page", AclOperation.WRITE, "images", "probe", "images.rejected", "main.drift-orders");

        allow(
                all,
                "embedder",
                AclOperation.READ,
                "images",
                "main.steps",
                "main.encoders",
                "main.spaces",
                "main.evaluations");
        allow(all, "embedder", AclOperation.WRITE, "main.embeddings");
        all.add(SecuredClients.allowAll("embedder", ResourceType.GROUP, "millrace-embed-main-", AclOperation.READ));
        all.add(SecuredClients.allowAll(
                "embedder", ResourceType.TRANSACTIONAL_ID, "millrace-embed-main-", AclOperation.WRITE));

        allow(
                all,
                "workers",
                AclOperation.READ,
                "images",
                "images.rejected",
                "wide.steps",
                "wide.slots",
                "wide.work",
                "wide.globals");
        allow(
                all,
                "workers",
                AclOperation.WRITE,
                "images.rejected",
                "wide.steps",
                "wide.encoders",
                "wide.slots",
                "wide.work",
                "wide.globals");
        allow(all, "workers", AclOperation.DESCRIBE, "wide.evaluations");
        for (var operation : List.of(AclOperation.ALTER, AclOperation.DELETE)) {
            allow(all, "workers", operation, "wide.slots", "wide.work");
        }
        for (String group : List.of("millrace-wide-workers", "millrace-wide-conductor")) {
            all.add(SecuredClients.allow("workers", ResourceType.GROUP, group, AclOperation.READ));
        }
        all.add(SecuredClients.allow("workers", ResourceType.TRANSACTIONAL_ID, "millrace-wide", AclOperation.WRITE));

        for (var operation : List.of(AclOperation.READ, AclOperation.DELETE)) {
            all.add(SecuredClients.allowAll("cleaner", ResourceType.TOPIC, "wide.", operation));
            for (String group : List.of(
                    "millrace-features-wide",
                    "millrace-drift-wide",
                    "millrace-wide-workers",
                    "millrace-wide-conductor")) {
                all.add(SecuredClients.allow("cleaner", ResourceType.GROUP, group, operation));
            }
            all.add(SecuredClients.allowAll("cleaner", ResourceType.GROUP, "millrace-embed-wide-", operation));
        }
        all.add(SecuredClients.allow("cleaner", ResourceType.CLUSTER, "kafka-cluster", AclOperation.DESCRIBE));
        all.add(SecuredClients.allow("cleaner", ResourceType.TRANSACTIONAL_ID, "millrace-wide", AclOperation.WRITE));
        return all;
    }

    private static void allow(List<AclBinding> all, String user, AclOperation operation, String... topics) {
        for (String topic : topics) {
            all.add(SecuredClients.allow(user, ResourceType.TOPIC, topic, operation));
        }
    }
}
