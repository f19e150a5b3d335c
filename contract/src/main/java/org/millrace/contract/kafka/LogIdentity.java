package org.millrace.contract.kafka;

/**
 * Which log offsets belong to: a topic that is recreated, or another cluster, may have the same names and offsets, but not these.
 *
 * @param cluster the cluster's id
 * @param topicId the topic's id, of Kafka's own form
 */
public record LogIdentity(String cluster, String topicId) {}
