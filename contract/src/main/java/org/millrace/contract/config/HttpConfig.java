package org.millrace.contract.config;

import static org.millrace.contract.Check.check;

/** Where the dashboard and the HTTP interface listen, and who may use them. */
public record HttpConfig(
        @Setting(
                value = "127.0.0.1",
                doc = "address that HTTP listens on; `0.0.0.0` is every one. Beyond loopback `http.token` is required")
        String host,

        @Setting(value = "8080", doc = "port of the dashboard and the HTTP interface; 0 takes a free one")
        int port,

        @Setting(
                value = "",
                doc =
                        "secret that every request must bring (`Authorization: Bearer TOKEN`, or `?token=TOKEN` once in a browser), at least 16 characters; blank asks for none")
        String token,

        @Setting(
                value = "",
                doc = "file that holds `http.token`, readable by its owner only; read at the start. Blank for none")
        String tokenFile) {
    private static final String LEGAL_TOKEN = "[\\x21-\\x7e]{16,256}";

    public HttpConfig {
        check(
                host.matches("[A-Za-z0-9.:_-]+"),
                "http.host must be a name or an address without a port, but was '%s'",
                host);
        check(port >= 0 && port <= 65535, "http.port must be in [0, 65535], but was %d", port);
        check(
                token.isEmpty() || token.matches(LEGAL_TOKEN),
                "http.token must have 16 to 256 visible ASCII characters, but had %d characters or others among them",
                token.length());
        check(
                !token.isEmpty() || isLoopback(host),
                "http.token must be set where http.host is not a loopback address, but was blank with http.host=%s: everyone on the network could push and read images",
                host);
    }

    /** Whether only programs of this machine reach it. */
    public boolean isLoopback() {
        return isLoopback(host);
    }

    /** Without the token. */
    @Override
    public String toString() {
        return "HttpConfig[host=" + host + ", port=" + port + ", token=" + (token.isEmpty() ? "" : "********")
                + ", tokenFile=" + tokenFile + "]";
    }

    private static boolean isLoopback(String host) {
        return host.equals("localhost") || host.equals("::1") || host.matches("127(\\.\\d{1,3}){3}");
    }
}
