package org.millrace.evaluator;

import java.io.ByteArrayOutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.Sha256;
import org.millrace.contract.event.EncoderManifest;
import org.millrace.contract.event.Json;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Records of {@code <run>.encoders} to whole encoders: chunks {@code <version>/<index>} in any order, then {@code
 * <version>/manifest}; null values take back old versions. What does not fit its manifest is reported and skipped.
 *
 * <p>Holds the chunks of two unfinished versions at most, and after a manifest none of an older version. Not thread safe.
 */
final class EncoderAssembler {
    private static final Logger LOG = LoggerFactory.getLogger(EncoderAssembler.class);
    private static final Pattern KEY = Pattern.compile("(\\d{1,18})/(manifest|\\d{1,9})");
    private static final String MANIFEST = "manifest";
    private static final int UNFINISHED_VERSIONS = 2;

    private final LinkedHashMap<Long, Map<Integer, byte[]>> chunks =
            new LinkedHashMap<>(); // by version, oldest arrival first

    /** Takes the next record; the whole encoder where this record completes one. */
    Optional<PublishedEncoder> accept(byte @Nullable [] key, byte @Nullable [] value) {
        String text = key == null ? "" : new String(key, StandardCharsets.UTF_8);
        Matcher matcher = KEY.matcher(text);
        if (!matcher.matches()) {
            LOG.warn("a record of the topic of encoders is left out: its key is '{}', not <version>/<index>", text);
            return Optional.empty();
        }
        long version = Long.parseLong(matcher.group(1));
        boolean manifest = matcher.group(2).equals(MANIFEST);
        if (value == null) {
            forget(version, manifest ? -1 : Integer.parseInt(matcher.group(2)));
            return Optional.empty();
        } else if (manifest) {
            return finish(version, value);
        }
        hold(version, Integer.parseInt(matcher.group(2)), value);
        return Optional.empty();
    }

    /** The key of a version's manifest. */
    static byte[] manifestKey(long version) {
        return (version + "/" + MANIFEST).getBytes(StandardCharsets.UTF_8);
    }

    private void hold(long version, int index, byte[] chunk) {
        chunks.computeIfAbsent(version, created -> new HashMap<>()).put(index, chunk);
        if (chunks.size() > UNFINISHED_VERSIONS) {
            Iterator<Long> versions = chunks.keySet().iterator();
            LOG.info("the chunks of encoder {} are dropped: its manifest has not come", versions.next());
            versions.remove();
        }
    }

    /** Takes back one chunk, or the whole version where the index is negative. */
    private void forget(long version, int index) {
        Map<Integer, byte[]> held = chunks.get(version);
        if (held != null) {
            held.remove(index);
            if (index < 0 || held.isEmpty()) {
                chunks.remove(version);
            }
        }
    }

    private Optional<PublishedEncoder> finish(long version, byte[] json) {
        Map<Integer, byte[]> held = chunks.getOrDefault(version, Map.of());
        chunks.keySet().removeIf(older -> older <= version);
        try {
            EncoderManifest manifest = Json.read(json, EncoderManifest.class);
            return Optional.of(new PublishedEncoder(manifest, file(version, manifest, held)));
        } catch (UncheckedIOException e) {
            LOG.warn("encoder {} is skipped: its manifest is damaged", version);
            LOG.debug("the manifest of encoder {}", version, e);
            return Optional.empty();
        } catch (SkippedException e) {
            LOG.warn("encoder {} is skipped: {}", version, e.getMessage());
            return Optional.empty();
        }
    }

    private static byte[] file(long version, EncoderManifest manifest, Map<Integer, byte[]> held) {
        if (manifest.version() != version) {
            throw new SkippedException("its manifest is of version " + manifest.version());
        }
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        for (int i = 0; i < manifest.chunks(); i++) {
            byte[] chunk = held.get(i);
            if (chunk == null) {
                throw new SkippedException("chunk " + i + " of " + manifest.chunks() + " is missing");
            }
            file.writeBytes(chunk);
        }
        if (file.size() != manifest.bytes()) {
            throw new SkippedException("its chunks have " + file.size() + " bytes, not " + manifest.bytes());
        }
        byte[] bytes = file.toByteArray();
        if (!Sha256.of(bytes).equals(manifest.sha256())) {
            throw new SkippedException("the SHA-256 of its chunks is not the manifest's");
        }
        return bytes;
    }

    /** Why an encoder cannot be put together. */
    private static final class SkippedException extends RuntimeException {
        private static final long serialVersionUID = 1;

        SkippedException(String message) {
            super(message);
        }
    }
}
