package org.millrace.server.dashboard;

import java.util.Optional;
import org.millrace.contract.event.SlotReady;

/** Notices of contributions, well formed and each under the name of its round and slot. */
public final class TestNotices {
    private TestNotices() {}

    /** @param base digest of the state that the slot began with */
    public static SlotReady ready(
            long round, int slot, String base, String worker, double seconds, long readyAtMillis) {
        return new SlotReady(
                SlotReady.SCHEMA,
                round,
                slot,
                base,
                0,
                1,
                round + "/" + slot,
                "sha",
                "bits",
                worker,
                "engine",
                seconds,
                readyAtMillis,
                Optional.empty());
    }
}
