package org.millrace.app.runs;

import static org.millrace.contract.Check.check;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.jspecify.annotations.Nullable;

/**
 * Records of one partition in a file, one after the other, big-endian: time (8 bytes), then key, value, and the number of headers with the
 * name (UTF-8) and value of each; bytes with their length (4 bytes, −1 for none) before them.
 */
final class ArchivedRecords {
    private static final int MOST_BYTES = 1 << 30;
    private static final int MOST_HEADERS = 1_000;

    private ArchivedRecords() {}

    static void write(DataOutputStream out, ConsumerRecord<byte[], byte[]> record) throws IOException {
        out.writeLong(record.timestamp());
        write(out, record.key());
        write(out, record.value());
        Header[] headers = record.headers().toArray();
        out.writeInt(headers.length);
        for (Header header : headers) {
            out.writeUTF(header.key());
            write(out, header.value());
        }
    }

    /** Hands on every record, as one to be sent to partition 0 of the topic; returns how many there were. */
    static long read(DataInputStream in, String topic, Consumer<ProducerRecord<byte[], byte[]>> consumer)
            throws IOException {
        for (long count = 0; ; count++) {
            long time;
            try {
                time = in.readLong();
            } catch (EOFException e) {
                return count;
            }
            byte @Nullable [] key = read(in);
            byte @Nullable [] value = read(in);
            RecordHeaders headers = new RecordHeaders();
            int number = in.readInt();
            check(number >= 0 && number <= MOST_HEADERS, "a record has %d headers", number);
            for (int i = 0; i < number; i++) {
                headers.add(in.readUTF(), read(in));
            }
            consumer.accept(new ProducerRecord<>(topic, 0, time, key, value, headers));
        }
    }

    private static void write(DataOutputStream out, byte @Nullable [] bytes) throws IOException {
        out.writeInt(bytes == null ? -1 : bytes.length);
        if (bytes != null) {
            out.write(bytes);
        }
    }

    private static byte @Nullable [] read(DataInputStream in) throws IOException {
        int length = in.readInt();
        check(length >= -1 && length <= MOST_BYTES, "a record has a part of %d bytes", length);
        return length < 0 ? null : in.readNBytes(length);
    }
}
