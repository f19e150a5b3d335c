package org.millrace.app.runs;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.GroupListing;
import org.apache.kafka.clients.admin.ListTopicsOptions;
import org.apache.kafka.clients.admin.TransactionListing;
import org.apache.kafka.clients.admin.TransactionState;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.millrace.contract.UserException;
import org.millrace.contract.kafka.BrokerWords;
import org.millrace.contract.kafka.KafkaSettings;

/** What a broker has, and removing it: topics, consumer groups, transactional ids. Not thread safe; the owner closes it. */
final class BrokerAdmin implements AutoCloseable {
    private static final long GONE_NANOS = TimeUnit.SECONDS.toNanos(60);
    private static final long LOOK_MILLIS = 20;
    private static final String ID_EXPIRY = "transactional.id.expiration.ms";

    private final Admin admin;
    private final String bootstrapServers;

    BrokerAdmin(KafkaSettings kafka) {
        this.admin = Admin.create(kafka.admin());
        this.bootstrapServers = kafka.bootstrapServers();
    }

    Set<String> topics() {
        return new TreeSet<>(await(
                admin.listTopics(new ListTopicsOptions().listInternal(false)).names()));
    }

    Set<String> groups() {
        Set<String> ids = new TreeSet<>();
        await(admin.listGroups().all()).stream().map(GroupListing::groupId).forEach(ids::add);
        return ids;
    }

    /** Those that the broker has not forgotten yet, with the state of each one's newest transaction. */
    Map<String, TransactionState> transactionalIds() {
        Map<String, TransactionState> ids = new TreeMap<>();
        for (TransactionListing listing : await(admin.listTransactions().all())) {
            ids.put(listing.transactionalId(), listing.state());
        }
        return ids;
    }

    /** Members of a consumer group by their client's address; none where there is no such group. */
    List<String> members(String group) {
        try {
            ConsumerGroupDescription description =
                    admin.describeConsumerGroups(List.of(group)).all().get().get(group);
            return description == null
                    ? List.of()
                    : description.members().stream()
                            .map(member -> member.host().replaceFirst("^/", ""))
                            .toList();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof GroupIdNotFoundException) {
                return List.of();
            }
            throw refused(e);
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        }
    }

    /** Bytes of each topic on the brokers' disks, replicas included; a topic that holds nothing may be missing. */
    Map<String, Long> bytes() {
        List<Integer> brokers =
                await(admin.describeCluster().nodes()).stream().map(Node::id).toList();
        Map<String, Long> bytes = new HashMap<>();
        await(admin.describeLogDirs(brokers).allDescriptions())
                .values()
                .forEach(folders -> folders.values()
                        .forEach(folder -> folder.replicaInfos()
                                .forEach((partition, replica) ->
                                        bytes.merge(partition.topic(), replica.size(), Long::sum))));
        return bytes;
    }

    /** After how many milliseconds without use the broker forgets a transactional id; empty where it does not say. */
    Optional<Duration> idExpiry() {
        Optional<Node> any = await(admin.describeCluster().nodes()).stream().findAny();
        if (any.isEmpty()) {
            return Optional.empty();
        }
        ConfigResource broker = new ConfigResource(
                ConfigResource.Type.BROKER, String.valueOf(any.get().id()));
        try {
            return Optional.ofNullable(
                            await(admin.describeConfigs(List.of(broker)).all())
                                    .getOrDefault(broker, new Config(List.of()))
                                    .get(ID_EXPIRY))
                    .map(ConfigEntry::value)
                    .map(millis -> Duration.ofMillis(Long.parseLong(millis)));
        } catch (UserException e) { // without the right to ask
            return Optional.empty();
        }
    }

    /** Aborts what these ids have under way, and shuts out the processes that write under them. */
    void fence(Collection<String> transactionalIds) {
        if (!transactionalIds.isEmpty()) {
            await(admin.fenceProducers(transactionalIds).all());
        }
    }

    /** Deletes the groups, with the offsets that they committed. */
    void deleteGroups(Collection<String> groups) {
        for (String group : groups) {
            try {
                admin.deleteConsumerGroups(List.of(group)).all().get();
            } catch (ExecutionException e) {
                if (!(e.getCause() instanceof GroupIdNotFoundException)) { // gone by itself
                    throw refused(e);
                }
            } catch (InterruptedException e) {
                throw new InterruptException(e);
            }
        }
    }

    /** Deletes the topics, those that exist; they are gone for this client on return. */
    void deleteTopics(Collection<String> topics) {
        List<KafkaFuture<Void>> deletions =
                new ArrayList<>(admin.deleteTopics(topics).topicNameValues().values());
        for (KafkaFuture<Void> deletion : deletions) {
            try {
                deletion.get();
            } catch (ExecutionException e) {
                if (!(e.getCause() instanceof UnknownTopicOrPartitionException)) {
                    throw refused(e);
                }
            } catch (InterruptedException e) {
                throw new InterruptException(e);
            }
        }
        awaitGone(topics);
    }

    // a busy broker learns a moment later what its controller has deleted
    private void awaitGone(Collection<String> topics) {
        long end = System.nanoTime() + GONE_NANOS;
        while (topics().stream().anyMatch(topics::contains)) {
            if (System.nanoTime() > end) {
                throw new UserException("the topics " + topics + " were deleted at " + bootstrapServers
                        + ", but the broker still lists them.\nLook whether the cluster is in good health.");
            }
            try {
                TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
            } catch (InterruptedException e) {
                throw new InterruptException(e);
            }
        }
    }

    @Override
    public void close() {
        admin.close(Duration.ofSeconds(2));
    }

    private <T> T await(KafkaFuture<T> answer) {
        try {
            return answer.get();
        } catch (ExecutionException e) {
            throw refused(e);
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        }
    }

    private UserException refused(ExecutionException e) {
        boolean silent = e.getCause() != null && BrokerWords.isSilence(e.getCause());
        return new UserException(
                "the broker at " + bootstrapServers + (silent ? " does not answer: " : " refuses: ") + BrokerWords.of(e)
                        + "\nCheck that it runs, its user's rights, and the kafka.* settings here.",
                e);
    }
}
