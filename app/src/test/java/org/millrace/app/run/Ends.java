package org.millrace.app.run;

import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.Set;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListTransactionsOptions;
import org.apache.kafka.clients.admin.TransactionState;
import org.millrace.contract.kafka.KafkaSettings;

/** End offsets of topics, which a broker advances past a transaction only after it has acknowledged the commit. */
public final class Ends {
    private static final Set<TransactionState> UNDER_WAY = Set.of(
            TransactionState.ONGOING,
            TransactionState.PREPARE_COMMIT,
            TransactionState.PREPARE_ABORT,
            TransactionState.PREPARE_EPOCH_FENCE);

    private Ends() {}

    /** Waits until no transaction is open: readers then see everything committed before. */
    public static void awaitTransactions(KafkaSettings kafka) {
        try (Admin admin = Admin.create(kafka.admin())) {
            await().atMost(Duration.ofMinutes(5)) // only a hang takes that long
                    .pollDelay(Duration.ZERO)
                    .until(() -> admin.listTransactions(new ListTransactionsOptions().filterStates(UNDER_WAY))
                            .all()
                            .get()
                            .isEmpty());
        }
    }
}
