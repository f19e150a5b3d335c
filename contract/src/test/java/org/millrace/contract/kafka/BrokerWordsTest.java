package org.millrace.contract.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.concurrent.ExecutionException;
import javax.security.auth.login.LoginException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.DisconnectException;
import org.apache.kafka.common.errors.GroupAuthorizationException;
import org.apache.kafka.common.errors.SaslAuthenticationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.TransactionalIdAuthorizationException;
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
        assertThat(
                        BrokerWords.of(
                                new GroupAuthorizationException(
                                        "FindCoordinator request for groupId"
                                                + " `CoordinatorKey(idValue='millrace-drift-main', type=GROUP)` failed due to authorization failure")))
                .isEqualTo("no right to the group millrace-drift-main");
        assertThat(BrokerWords.of(new TransactionalIdAuthorizationException("InitProducerId request for transactionalId"
                        + " `millrace-main` failed due to transactional ID authorization failure")))
                .isEqualTo("no right to the transactional id millrace-main");
    }

    @Test
    void of_loginThatFailed_saysWhatWasAnsweredWithoutTheTraceInIt() {
        var printed = new StringWriter();
        new KafkaException(new IOException("The response code 401 was encountered"))
                .printStackTrace(new PrintWriter(printed, true));
        var login = new KafkaException(new LoginException(printed.toString()));
        assertThat(BrokerWords.isLogin(new KafkaException("no client", login))).isTrue();
        assertThat(BrokerWords.isLogin(new KafkaException("no client"))).isFalse();
        assertThat(BrokerWords.of(login)).isEqualTo("The response code 401 was encountered");
    }
}
