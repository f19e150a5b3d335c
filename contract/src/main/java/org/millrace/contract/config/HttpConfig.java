package org.millrace.contract.config;

import static org.millrace.contract.Check.check;

import org.millrace.contract.config.Setting.Effect;

/** Where the dashboard and the HTTP interface listen, and who may use them. */
public record HttpConfig(
        @Setting(
                value = "127.0.0.1",
                doc =
                        "address that HTTP listens on; `0.0.0.0` is all of them. Beyond loopback `http.token` or `http.tokens-file` is required",
                effect = Effect.NONE)
        String host,

        @Setting(
                value = "8080",
                doc = "port of the dashboard and the HTTP interface; 0 takes a free one",
                effect = Effect.NONE)
        int port,

        @Setting(
                value = "",
                doc =
                        "secret that every request must send (`Authorization: Bearer TOKEN`, or `?token=TOKEN` once in a browser), at least 16 characters; blank for none",
                effect = Effect.NONE)
        String token,

        @Setting(
                value = "",
                doc = "file that holds `http.token`, readable by its owner only; read at the start. Blank for none",
                effect = Effect.NONE)
        String tokenFile,

        @Setting(
                value = "",
                doc =
                        "file of further tokens with rights of their own, a line `NAME RIGHTS TOKEN [RATE/s]` each, RIGHTS among `push`, `embed`, `read`, `admin` with commas, RATE the requests a second; readable by its owner only, and read again when it changes. Blank for none",
                effect = Effect.NONE)
        String tokensFile,

        @Setting(
                value = "",
                doc =
                        "address of the proxy in front, as browsers use it (`https://millrace.example.org`), where there is one; with `https` the browser's cookie is `Secure`. It needs `http.token` or `http.tokens-file`",
                effect = Effect.NONE)
        String publicUrl) {
    private static final String LEGAL_PUBLIC_URL = "https?://[A-Za-z0-9.-]+(:\\d{1,5})?/?";
    /** What a token consists of. */
    public static final String LEGAL_TOKEN = "[\\x21-\\x7e]{16,256}";

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
                isGuarded(token, tokensFile) || isLoopback(host),
                "http.token or http.tokens-file must be set where http.host is not a loopback address, but was blank with http.host=%s: everyone on the network could push and read images",
                host);
        check(
                publicUrl.isEmpty() || publicUrl.matches(LEGAL_PUBLIC_URL),
                "http.public-url must be http:// or https:// and a name, perhaps with a port, and no path, but was '%s'",
                publicUrl);
        check(
                publicUrl.isEmpty() || isGuarded(token, tokensFile),
                "http.token or http.tokens-file must be set where http.public-url is, but was blank with http.public-url=%s: everyone who reaches the proxy could push and read images",
                publicUrl);
    }

    /** Whether a request must send a token. */
    public boolean isGuarded() {
        return isGuarded(token, tokensFile);
    }

    /** Whether only programs of this machine reach it. */
    public boolean isLoopback() {
        return isLoopback(host);
    }

    /** Without the token. */
    @Override
    public String toString() {
        return "HttpConfig[host=" + host + ", port=" + port + ", token=" + (token.isEmpty() ? "" : "********")
                + ", tokenFile=" + tokenFile + ", tokensFile=" + tokensFile + ", publicUrl=" + publicUrl + "]";
    }

    private static boolean isGuarded(String token, String tokensFile) {
        return !token.isEmpty() || !tokensFile.isEmpty();
    }

    private static boolean isLoopback(String host) {
        return host.equals("localhost") || host.equals("::1") || host.matches("127(\\.\\d{1,3}){3}");
    }
}
