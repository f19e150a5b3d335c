package org.millrace.contract.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.DisconnectException;
import org.apache.kafka.common.errors.SaslAuthenticationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.junit.jupiter.api.Test;

final class BrokerWordsTest {
    @Test
    void of_silence_namesNoCallOfTheClient() {
        for (Throwable failure : List.of(
                new TimeoutException("Timed out waiting for a node assignment. Call: listNodes"),
                new TimeoutException(
                        "Call(callName=describeTopics, deadlineMs=1, tries=1) timed out at 2 after 1 attempt(s)"),
                new ExecutionException(
                        new TimeoutException("Timed out waiting for a node assignment. Call: listNodes")),
                new KafkaException("wrapped", new TimeoutException("Timeout of 60000ms expired")),
                new java.util.concurrent.TimeoutException())) {
            assertThat(BrokerWords.of(failure)).isEqualTo("the time limit for it has passed");
        }
        assertThat(BrokerWords.of(new DisconnectException("Cancelled fetchMetadata request with correlation id 4")))
                .isEqualTo("it closed the connection");
    }

    @Test
    void of_refusal_saysWhatTheBrokerSaid() {
        assertThat(BrokerWords.of(new TopicAuthorizationException("Not authorized to access topics: [images]")))
                .isEqualTo("Not authorized to access topics: [images]");
        assertThat(BrokerWords.of(
                        new ExecutionException(new SaslAuthenticationException("wrong password. Call: listNodes"))))
                .isEqualTo("wrong password.");
        assertThat(BrokerWords.of(new KafkaException())).isEqualTo("KafkaException");
    }
}
