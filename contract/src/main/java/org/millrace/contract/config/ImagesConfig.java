package org.millrace.contract.config;

import static org.millrace.contract.Check.check;

import java.util.List;
import java.util.stream.Stream;
import org.millrace.contract.config.Setting.Effect;

/** The topics of images. */
public record ImagesConfig(
        @Setting(value = "images", doc = "topic of the unlabelled stream", effect = Effect.STRUCTURE)
        String topic,

        @Setting(
                value = "images.rejected",
                doc = "topic of rejected files, with the reason in headers",
                effect = Effect.NONE)
        String rejectedTopic,

        @Setting(
                value = "probe",
                doc = "topic of the labelled images that encoders are scored on",
                effect = Effect.NONE)
        String probeTopic,

        @Setting(value = "1", doc = "partitions of the stream when Millrace creates its topic", effect = Effect.NONE)
        int partitions,

        @Setting(value = "8388608", doc = "largest record, in bytes", effect = Effect.NONE)
        int maxBytes,

        @Setting(
                value = "33554432",
                doc = "maximum pixels of an image of the stream; a larger one is rejected before it is decoded",
                effect = Effect.STRUCTURE)
        int maxPixels,

        @Setting(
                value = "",
                doc =
                        "where claim-check records (headers `location` and `sha256`, no value) may point, comma-separated: folders (`/data/large`) and addresses (`https://host/path/`); blank rejects all",
                effect = Effect.NUMBERS)
        String claimCheckAllow,

        @Setting(
                value = "67108864",
                doc = "largest file that a claim-check record may point to, in bytes",
                effect = Effect.NUMBERS)
        int claimCheckMaxBytes,

        @Setting(
                value = "full",
                doc =
                        "how the trainer decodes JPEGs: `full`, or `dct`, at a half, a quarter or an eighth of their size if that leaves the smallest crop as many pixels as a view; many times faster for photographs of megapixels",
                effect = Effect.STRUCTURE)
        DecodeScale decodeScale) {
    private static final int HEADER_BYTES = 65_536; // of a record beside the file

    public ImagesConfig {
        check(!topic.isBlank(), "images.topic must not be blank");
        check(!rejectedTopic.equals(topic), "images.rejected-topic must differ from images.topic");
        check(!probeTopic.equals(topic), "images.probe-topic must differ from images.topic");
        check(partitions >= 1, "images.partitions must be at least 1, but was %d", partitions);
        check(maxBytes >= 1024, "images.max-bytes must be at least 1024, but was %d", maxBytes);
        check(
                maxBytes <= Integer.MAX_VALUE - HEADER_BYTES,
                "images.max-bytes must be at most %d, but was %d",
                Integer.MAX_VALUE - HEADER_BYTES,
                maxBytes);
        check(maxPixels >= 1, "images.max-pixels must be at least 1, but was %d", maxPixels);
        check(
                claimCheckMaxBytes >= 1,
                "images.claim-check-max-bytes must be at least 1, but was %d",
                claimCheckMaxBytes);
        for (String place : claimCheckAllow.isBlank() ? new String[0] : claimCheckAllow.split(",", -1)) {
            check(
                    place.strip().startsWith("/") || place.strip().matches("https://[^/@?#]+/([^?#]*/)?"),
                    "images.claim-check-allow must name folders (/data/large) and addresses that end with / (https://host/path/), but has '%s'",
                    Secrets.withoutPassword(place.strip()));
        }
    }

    /** Why a file of so many bytes, or at least so many, is refused. */
    public String tooLarge(long bytes, boolean exactly) {
        return "larger than images.max-bytes (" + maxBytes + "): " + (exactly ? "" : "at least ") + bytes + " bytes";
    }

    /** Most bytes of an image's record: the file, its key and its headers. */
    public int maxRecordBytes() {
        return maxBytes + HEADER_BYTES;
    }

    /** At which size the trainer decodes JPEGs. */
    public enum DecodeScale {
        FULL,
        DCT
    }

    /** Topic of what watched folders have pushed: one partition, compacted. */
    public String watchedTopic() {
        return topic + ".watched";
    }

    /** Folders and addresses that claim-check records may point to. */
    public List<String> claimCheckPlaces() {
        return claimCheckAllow.isBlank()
                ? List.of()
                : Stream.of(claimCheckAllow.split(",", -1)).map(String::strip).toList();
    }
}
