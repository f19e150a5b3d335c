package org.millrace.contract.config;

import static org.millrace.contract.Check.check;

/** The topics of images. */
public record ImagesConfig(
        @Setting(value = "images", doc = "topic of the unlabelled stream")
        String topic,

        @Setting(value = "images.rejected", doc = "topic of what was no image, with the reason in headers")
        String rejectedTopic,

        @Setting(value = "probe", doc = "topic of the labelled images that encoders are scored on")
        String probeTopic,

        @Setting(value = "1", doc = "partitions of the stream when Millrace creates its topic")
        int partitions,

        @Setting(value = "8388608", doc = "largest record, in bytes")
        int maxBytes) {
    public ImagesConfig {
        check(!topic.isBlank(), "images.topic must not be blank");
        check(!rejectedTopic.equals(topic), "images.rejected-topic must differ from images.topic");
        check(!probeTopic.equals(topic), "images.probe-topic must differ from images.topic");
        check(partitions >= 1, "images.partitions must be at least 1, but was %d", partitions);
        check(maxBytes >= 1024, "images.max-bytes must be at least 1024, but was %d", maxBytes);
    }
}
