package org.millrace.contract;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;

/**
 * Names of the optional headers of an image record, and of a rejected one. Values are UTF-8 text.
 *
 * <p>An image is a record that any Kafka user can produce: its value is the encoded file (JPEG, PNG, WebP, GIF, BMP), its key
 * the image's id (any bytes, or none).
 */
public final class ImageHeaders {
    public static final String CONTENT_TYPE = "content-type";
    /** Where the image came from: a path, a camera, a crawl. */
    public static final String SOURCE = "source";
    /** The class of a labelled image; required on the probe topic. */
    public static final String LABEL = "label";
    /** When the image was taken, ISO-8601. */
    public static final String CAPTURED_AT = "captured-at";
    /** On the probe topic: {@code train} or {@code test}; without it the split is by hash of the id. */
    public static final String SPLIT = "split";

    /** Of a claim-check record, which has no value: a file or https URI at which the encoded image lies. */
    public static final String LOCATION = "location";
    /** Of a claim-check record: the SHA-256 of those bytes, hexadecimal. */
    public static final String SHA256 = "sha256";

    /** On the topic of rejects: why the image was refused. */
    public static final String REJECT_REASON = "reject-reason";
    /** On the topic of rejects: {@code topic/partition/offset} of the record, or {@code path[!entry]} of the file. */
    public static final String REJECT_POSITION = "reject-position";

    private static final int MOST_LOCATION_BYTES = 8192;

    private ImageHeaders() {}

    /** The last header of that name, if there is one, as {@link OutsideText}: bounded, one line, without control characters. */
    public static Optional<String> text(Headers headers, String name) {
        return value(headers, name).map(OutsideText::of);
    }

    /** The {@link #LOCATION} exactly as it was written, unless it is too long for an address: not to be shown unescaped. */
    public static Optional<String> location(Headers headers) {
        return value(headers, LOCATION)
                .map(bytes -> bytes.length > MOST_LOCATION_BYTES
                        ? OutsideText.of(bytes)
                        : new String(bytes, StandardCharsets.UTF_8));
    }

    /** Adds a header with a text value, bounded and escaped as {@link #text} reads it. */
    public static void put(Headers headers, String name, String value) {
        headers.add(name, OutsideText.of(value).getBytes(StandardCharsets.UTF_8));
    }

    private static Optional<byte[]> value(Headers headers, String name) {
        Header header = headers.lastHeader(name);
        return header == null ? Optional.empty() : Optional.ofNullable(header.value());
    }
}
