package org.millrace.contract.event;

import org.millrace.contract.OutsideText;

/**
 * A record that could not be read: where it lies and why.
 *
 * @param why one line, escaped by {@link OutsideText}, whatever the record holds
 */
public record Unreadable(String topic, int partition, long offset, String why) {
    private static final int MOST_CHARACTERS = 240;

    public Unreadable {
        String line = OutsideText.visible(why.strip());
        why = line.length() > MOST_CHARACTERS ? line.substring(0, MOST_CHARACTERS) + "…" : line;
    }

    /** {@code main.steps, partition 0, offset 17 cannot be read: no journal event: …}. */
    public String words() {
        return topic + ", partition " + partition + ", offset " + offset + " cannot be read: " + why;
    }
}
