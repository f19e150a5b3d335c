package org.millrace.app.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.authorizer.StandardAuthorizer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.millrace.app.run.Commands;
import org.millrace.app.run.PatientKafka;
import org.millrace.contract.RunTopics;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.event.JournalEvent;
import org.millrace.contract.event.Json;
import org.millrace.contract.event.RunStarted;
import org.millrace.contract.kafka.KafkaSettings;
import org.millrace.contract.kafka.LogIdentity;
import org.millrace.contract.kafka.TopicSetup;

/** A broker that does not allow everything: `slots` and `train` say what it refuses, and change nothing. */
class RefusingBrokerTest {
    private static final RunTopics TOPICS = new RunTopics("main");
    private static final int SLOTS = 4;
    private static final String NO_BUFFER = "--set=replay.policy=none";

    @TempDir
    private Path data;

    private Ports ports;
    private KafkaSettings kafka;
    private Commands commands;
    private KafkaRaftServer server;

    @BeforeEach
    void startBroker() throws Exception {
        EmbeddedBroker.prepare(data.resolve("broker"));
        ports = Ports.find(0);
        Map<String, String> properties = BrokerProperties.of(data.resolve("broker"), ports, -1);
        properties.put("authorizer.class.name", StandardAuthorizer.class.getName());
        properties.put("allow.everyone.if.no.acl.found", "true");
        kafka = PatientKafka.at(ports.broker());
        commands = new Commands(ports::broker, data);
        server = new KafkaRaftServer(new KafkaConfig(properties, false), Time.SYSTEM);
        server.startup();
    }

    @AfterEach
    void stopBroker() {
        server.shutdown();
        server.awaitShutdown();
    }

    @Test
    void commands_brokerRefuses_saySoAndChangeNothing() throws Exception {
        try (var setup = new TopicSetup(kafka)) {
            setup.ensureRun(TOPICS);
            setup.ensureRounds(TOPICS, SLOTS);
            journal("" + SLOTS);

            journal("many"); // no number: the start before it counts
            assertThat(slots()).contains("no round yet", "will have 4 slots");

            refuse(ResourceType.TOPIC, TOPICS.work(), AclOperation.ALTER);
            assertThat(commands.bad("slots", "--run=main", "--to=6"))
                    .contains(
                            "main.slots and main.work need a partition for each of 6 slots, but the broker at "
                                    + ports.broker() + " refuses: ",
                            "Check its settings, its user's rights");
            assertThat(partitions(setup, TOPICS.slots())).isEqualTo(SLOTS);
            assertThat(partitions(setup, TOPICS.work())).isEqualTo(SLOTS);
            assertThat(slots()).contains("will have 4 slots");
            assertThat(slots("--to=3")).contains("will have 3 slots"); // needs no partition

            setup.ensureImages(new ConfigLoader().load().images());
            refuse(ResourceType.GROUP, "millrace-main-conductor", AclOperation.READ);
            assertThat(commands.bad("train", "--run=main", "--until-step=8", "--set=rounds.slots=4", NO_BUFFER))
                    .contains("refuses this process a place in the group millrace-main-conductor: ", "needs the right");

            refuse(ResourceType.TOPIC, TOPICS.slots(), AclOperation.READ);
            assertThat(commands.bad("slots", "--run=main"))
                    .contains("the broker refuses: ", TOPICS.slots(), "Check its user's rights");
        }
    }

    private void journal(String slots) throws Exception {
        var start = new RunStarted(
                JournalEvent.SCHEMA,
                0,
                "session",
                "host",
                "engine",
                new LogIdentity("cluster", "topic"),
                Map.of("rounds.slots", slots),
                7);
        try (var producer = new KafkaProducer<byte[], byte[]>(kafka.producer(Map.of()))) {
            producer.send(new ProducerRecord<>(TOPICS.steps(), Json.write(start)))
                    .get();
        }
    }

    // everything else about it stays allowed
    private void refuse(ResourceType type, String name, AclOperation operation) throws Exception {
        var resource = new ResourcePattern(type, name, PatternType.LITERAL);
        try (Admin admin = Admin.create(kafka.admin())) {
            admin.createAcls(List.of(
                            acl(resource, AclOperation.ALL, AclPermissionType.ALLOW),
                            acl(resource, operation, AclPermissionType.DENY)))
                    .all()
                    .get();
        }
    }

    private static AclBinding acl(ResourcePattern resource, AclOperation operation, AclPermissionType permission) {
        return new AclBinding(resource, new AccessControlEntry("User:*", "*", operation, permission));
    }

    private static int partitions(TopicSetup setup, String topic) {
        return setup.describe(topic).orElseThrow().partitions().size();
    }

    private String slots(String... more) {
        return commands.good("slots", "--run=main", more);
    }
}
