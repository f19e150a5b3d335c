package org.millrace.app.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.millrace.app.broker.SecuredBroker.USER_PASSWORD;
import static org.millrace.app.run.Commands.run;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.millrace.app.broker.SecuredBroker.Listener;
import org.millrace.app.run.Commands;

/**
 * A broker with TLS, SCRAM-SHA-512, mTLS, OAUTHBEARER and ACLs: a wrong password, a certificate that does not fit, a token or a missing right
 * is named, with nothing lost.
 */
class SecuredBrokerTest {
    @TempDir
    private static Path data;

    private static TokenServer tokens;
    private static SecuredBroker broker;
    private static SecuredClients clients;
    private static Commands commands;

    @BeforeAll
    static void startBroker() throws Exception {
        tokens = new TokenServer(data);
        broker = new SecuredBroker(data.resolve("broker"), SecuredRights.USERS, tokens);
        clients = new SecuredClients(broker, data);
        commands = clients.at(Listener.SCRAM);
        clients.prepare(List.of("images", "probe", "images.rejected"), SecuredRights.all());
    }

    @AfterAll
    static void stopBroker() {
        broker.close();
        tokens.close();
    }

    @Test
    void connection_refused_isNamedAndNothingIsSent() throws Exception {
        assertThat(commands.bad(
                        "push", Commands.SAMPLE, "--limit=1", "--config=" + clients.file("camera", "wrong", "")))
                .contains(
                        "the broker at " + broker.address(Listener.SCRAM) + " refuses the connection: ",
                        "Authentication failed",
                        "SCRAM-SHA-512");
        assertThat(commands.bad(
                        "push", Commands.SAMPLE, "--limit=1", "--config=" + clients.file("nobody", USER_PASSWORD, "")))
                .contains("refuses the connection: ", "Authentication failed");
        assertThat(commands.bad(
                        "push",
                        Commands.SAMPLE,
                        "--limit=1",
                        "--config=" + clients.file("camera", USER_PASSWORD, "none")))
                .contains(
                        "refuses the connection: ",
                        "SSL handshake failed: ",
                        "unable to find valid certification path");
        Commands byName = new Commands(() -> broker.address(Listener.SCRAM).replace("127.0.0.1", "localhost"), data);
        assertThat(byName.bad("push", Commands.SAMPLE, "--limit=1", clients.as("camera")))
                .as("the certificate is for the address, not for the name")
                .contains("SSL handshake failed: ", "localhost");
        assertThat(commands.bad("push", Commands.SAMPLE, "--limit=1", clients.as("stranger")))
                .contains("refuses: no right to the topic images");
    }

    @Test
    void certificates_ofBothSides_areWantedAndNamedWhereTheyDoNotFit() throws Exception {
        Commands mutual = clients.at(Listener.MUTUAL);
        int before = images();
        mutual.good("push", Commands.SAMPLE, "--limit=3", clients.certificate("camera"));
        assertThat(images()).isEqualTo(before + 3);
        assertThat(mutual.bad("train", "--until-step=1", run("other"), clients.certificate("camera")))
                .contains("refuses: no right to the topic ");
        String none = "--config=" + clients.file("no-certificate", Map.of("security.protocol", "SSL"), true);
        String[] nothing = {none};
        for (String[] wrong :
                List.of(nothing, clients.certificate("expired-camera"), clients.certificate("stranger"))) {
            assertThat(mutual.bad("push", Commands.SAMPLE, "--limit=1", wrong))
                    .contains("refuses the connection: it wants a certificate that it can trust");
        }
        assertThat(clients.at(Listener.EXPIRED).bad("push", Commands.SAMPLE, "--limit=1", none))
                .contains("refuses the connection: its certificate has expired: NotAfter: ");
        assertThat(images()).isEqualTo(before + 3);
    }

    @Test
    void bearerTokens_withTheScopeWork_andWithoutAreNamed() throws Exception {
        Commands bearer = clients.at(Listener.BEARER);
        int before = images();
        bearer.good("push", Commands.SAMPLE, "--limit=3", clients.bearer("camera", "millrace"));
        assertThat(images()).isEqualTo(before + 3);
        assertThat(bearer.bad("push", Commands.SAMPLE, "--limit=1", clients.bearer("camera", "mail")))
                .contains("refuses the connection: ", "insufficient_scope");
        assertThat(bearer.bad("push", Commands.SAMPLE, "--limit=1", clients.bearer("stranger", "millrace")))
                .contains("refuses: no right to the topic images");
        assertThat(bearer.bad("push", Commands.SAMPLE, "--limit=1", clients.as("camera")))
                .contains("'SCRAM-SHA-512' not enabled in the server, enabled mechanisms are [OAUTHBEARER]");
        assertThat(images()).isEqualTo(before + 3);
    }

    @Test
    void tokensOfAServer_areFetchedAndChecked_andTroubleWithThemIsNamed() throws Exception {
        Commands signed = clients.at(Listener.SIGNED);
        int before = images();
        String[] camera = clients.fetching(tokens.endpoint(), "camera", TokenServer.SECRET);
        signed.good("push", Commands.SAMPLE, "--limit=3", camera);
        assertThat(images()).isEqualTo(before + 3);
        assertThat(signed.bad("train", "--until-step=1", run("other"), camera))
                .contains("refuses: no right to the topic ");
        assertThat(signed.bad("push", Commands.SAMPLE, "--limit=1", clients.bearer("camera", "millrace")))
                .as("an unsigned token")
                .contains("refuses the connection: ", "invalid_token");
        String[] wrong = clients.fetching(tokens.endpoint(), "camera", "guessed");
        assertThat(signed.bad("push", Commands.SAMPLE, "--limit=1", wrong))
                .contains(
                        "there is no login for the broker at ", " from " + tokens.endpoint(), ": The response code 401")
                .doesNotContain("guessed");
        String nobody = tokens.endpoint().replace("/token", "/nothing");
        assertThat(signed.bad(
                        "push", Commands.SAMPLE, "--limit=1", clients.fetching(nobody, "camera", TokenServer.SECRET)))
                .contains("there is no login for the broker at ", " from " + nobody, "404");
        assertThat(images()).isEqualTo(before + 3);
    }

    private static int images() {
        return clients.records("images");
    }
}
