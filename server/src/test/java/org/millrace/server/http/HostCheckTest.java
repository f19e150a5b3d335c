package org.millrace.server.http;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.millrace.contract.UserException;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.HttpConfig;

class HostCheckTest {
    @Test
    void checkHost_addressOfAnotherMachine_saysSoBeforeAnythingBegins() {
        assertThatThrownBy(() -> HttpServer.checkHost(config("http.host=192.0.2.1", "http.token=secret-of-this-test")))
                .isInstanceOf(UserException.class)
                .hasMessageStartingWith("http.port 8080 on 192.0.2.1 cannot be used: ");
        assertThatCode(() -> HttpServer.checkHost(config())).doesNotThrowAnyException();
    }

    private static HttpConfig config(String... assignments) {
        return new ConfigLoader().assignments(List.of(assignments)).load().http();
    }
}
