package org.millrace.contract.kafka;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeConsumerGroupsOptions;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.RetriableException;
import org.millrace.contract.UserException;

/** A consumer group seen from outside. A member that was killed stays in it until its session times out. Not thread safe. */
public final class ConsumerGroup implements AutoCloseable {
    private static final int PATIENCE_MILLIS = 5_000;

    private final Admin admin;
    private final String group;

    public ConsumerGroup(KafkaSettings kafka, String group) {
        this.admin = Admin.create(kafka.admin());
        this.group = group;
    }

    /** Whether anyone is in the group, or may be: a broker that does not answer says nothing of it. */
    public boolean isTaken() {
        try {
            var wait = new DescribeConsumerGroupsOptions().timeoutMs(PATIENCE_MILLIS);
            return admin.describeConsumerGroups(List.of(group), wait).all().get().values().stream()
                    .anyMatch(description -> !description.members().isEmpty());
        } catch (ExecutionException e) {
            if (e.getCause() instanceof GroupIdNotFoundException) {
                return false; // nobody ever was
            } else if (e.getCause() instanceof RetriableException) {
                return true;
            }
            throw new UserException(
                    "the broker does not say who is in the consumer group " + group + ": " + e.getCause()
                            + "\nAllow this user to describe the group.",
                    e);
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        }
    }

    @Override
    public void close() {
        admin.close(Duration.ofMillis(PATIENCE_MILLIS));
    }
}
