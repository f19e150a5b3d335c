package org.millrace.encoder.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.millrace.contract.Sha256;

class ClaimChecksTest {
    private static final byte[] FILE = "an image".getBytes(StandardCharsets.UTF_8);
    private static final ClaimCheckBody.Limits LIMITS = ClaimCheckBody.Limits.USUAL;
    private static final String OUTSIDE = "the claim-check points outside images.claim-check-allow, or to nothing";
    private static final String DIGEST = Sha256.of(FILE);

    @TempDir
    private Path folder;

    @Test
    void fetch_fileInAnAllowedFolder_itsBytes() throws Exception {
        Path file = Files.write(
                Files.createDirectories(folder.resolve("allowed/deep")).resolve("a b.jpg"), FILE);
        assertThat(checks(folder.resolve("allowed")).fetch(file.toUri().toString(), DIGEST))
                .isEqualTo(FILE);
    }

    @Test
    void fetch_notSetUp_isRefused() {
        refused(
                new ClaimChecks(List.of(), 100, ClaimChecksTest::noClient, LIMITS),
                "file:///etc/hostname",
                DIGEST,
                "is not set");
    }

    @Test
    void fetch_fileOutside_isRefusedHoweverItIsNamed() throws IOException {
        Path allowed = Files.createDirectories(folder.resolve("allowed"));
        Path secret = Files.write(folder.resolve("secret"), FILE);
        Files.createSymbolicLink(allowed.resolve("link"), secret);
        Files.createSymbolicLink(allowed.resolve("folder"), folder);
        Files.createDirectories(folder.resolve("allowed-not"));
        Files.write(folder.resolve("allowed-not/secret"), FILE);
        for (String location : List.of(
                secret.toUri().toString(),
                "file://" + allowed + "/../secret",
                "file://" + allowed + "/%2e%2e/secret",
                allowed.resolve("link").toUri().toString(),
                "file://" + allowed + "/folder/secret",
                "file://" + folder + "/allowed-not/secret")) {
            refused(checks(allowed), location, DIGEST, "outside images.claim-check-allow");
        }
        refused(checks(allowed), "file://host" + allowed + "/x", DIGEST, "outside images.claim-check-allow");
        refused(checks(allowed), "file://" + allowed, DIGEST, "is not a file");
        refused(checks(allowed), "file:relative", DIGEST, "outside images.claim-check-allow");
        for (String missing : List.of(allowed + "/missing", folder + "/missing", allowed + "/folder/missing")) {
            refused(checks(allowed), "file://" + missing, DIGEST, OUTSIDE); // as of one that is there
        }
        refused(checks(allowed), secret.toUri().toString(), DIGEST, OUTSIDE);
    }

    @ParameterizedTest
    @CsvSource({
        "http://host/images/a.jpg, neither a file: nor an https:",
        "ftp://host/a.jpg, neither a file: nor an https:",
        "jar:file:///a.jar!/b, neither a file: nor an https:",
        "/etc/passwd, neither a file: nor an https:",
        "not a uri, is not a URI",
        "https://host/images/../secret, outside",
        "https://host/images/%2e%2e/secret, outside",
        "https://host/imagesecret, outside",
        "https://host:8443/images/a, outside",
        "https://host.evil/images/a, outside",
        "https://user@host/images/a, outside",
        "https://evil/https://host/images/a, outside",
        "https:/images/a, outside",
        "https:opaque, outside",
    })
    void fetch_addressOutside_isRefusedBeforeAnythingIsAsked(String location, String words) {
        var checks = new ClaimChecks(List.of("https://host/images/"), 100, ClaimChecksTest::noClient, LIMITS);
        refused(checks, location, DIGEST, words);
    }

    @Test
    void fetch_otherBytesOrTooMany_isRefused() throws IOException {
        Path file = Files.write(folder.resolve("a.jpg"), FILE);
        refused(checks(folder), file.toUri().toString(), Sha256.of(new byte[] {1}), "another SHA-256");
        refused(checks(folder), file.toUri().toString(), "", "without a SHA-256");
        Files.write(file, new byte[101]);
        refused(checks(folder), file.toUri().toString(), DIGEST, "larger than 100 bytes");
    }

    @Test
    void fetch_overHttps_itsBytesAndNoRedirection() throws Exception {
        SSLContext tls = tls();
        List<String> asked = new ArrayList<>();
        HttpsServer server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setHttpsConfigurator(new HttpsConfigurator(tls));
        server.createContext("/", exchange -> {
            String path = exchange.getRequestURI().getPath();
            asked.add(path);
            exchange.getResponseHeaders().add("Location", "/images/a.jpg");
            int status = path.endsWith("a.jpg") ? 200 : path.endsWith("moved") ? 302 : 404;
            exchange.sendResponseHeaders(status, status == 200 ? FILE.length : -1);
            if (status == 200) {
                exchange.getResponseBody().write(FILE);
            }
            exchange.close();
        });
        server.start();
        try {
            String address = "https://localhost:" + server.getAddress().getPort() + "/images/";
            HttpClient client = HttpClient.newBuilder().sslContext(tls).build();
            var checks = new ClaimChecks(List.of(address), 100, () -> client, LIMITS);
            assertThat(checks.fetch(address + "a.jpg", DIGEST)).isEqualTo(FILE);
            refused(checks, address + "moved", DIGEST, "status 302");
            refused(checks, address + "missing", DIGEST, "status 404");
            assertThat(asked).containsExactly("/images/a.jpg", "/images/moved", "/images/missing");
        } finally {
            server.stop(0);
        }
    }

    @Test
    void fetch_bodyThatDoesNotEnd_isGivenUp() throws Exception {
        SSLContext tls = tls();
        CountDownLatch over = new CountDownLatch(1);
        HttpsServer server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(Executors.newCachedThreadPool());
        server.setHttpsConfigurator(new HttpsConfigurator(tls));
        server.createContext("/", exchange -> {
            exchange.sendResponseHeaders(200, 50);
            exchange.getResponseBody().write(1);
            exchange.getResponseBody().flush();
            try {
                over.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            exchange.close();
        });
        server.start();
        try {
            String address = "https://localhost:" + server.getAddress().getPort() + "/";
            HttpClient client = HttpClient.newBuilder().sslContext(tls).build();
            var limits = new ClaimCheckBody.Limits(Duration.ofMillis(300), Duration.ofMillis(600));
            refused(
                    new ClaimChecks(List.of(address), 100, () -> client, limits),
                    address + "a",
                    DIGEST,
                    "comes too slowly");
        } finally {
            over.countDown();
            server.stop(0);
        }
    }

    private ClaimChecks checks(Path allowed) {
        return new ClaimChecks(List.of(allowed.toString()), 100, ClaimChecksTest::noClient, LIMITS);
    }

    private static HttpClient noClient() {
        throw new AssertionError("nothing may be asked for");
    }

    private static void refused(ClaimChecks checks, String location, String sha256, String words) {
        assertThatThrownBy(() -> checks.fetch(location, sha256))
                .as(location)
                .isInstanceOfSatisfying(
                        UndecodableImageException.class,
                        e -> assertThat(e.reason()).contains(words));
    }

    // a certificate of its own, trusted by this test alone
    private SSLContext tls() throws Exception {
        Path store = folder.resolve("tls.p12");
        char[] password = "changeit".toCharArray();
        Process keytool = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-keyalg",
                        "EC",
                        "-alias",
                        "test",
                        "-dname",
                        "CN=localhost",
                        "-ext",
                        "san=dns:localhost",
                        "-keystore",
                        store.toString(),
                        "-storetype",
                        "PKCS12",
                        "-storepass",
                        "changeit")
                .inheritIO()
                .start();
        assertThat(keytool.waitFor()).isZero();
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(store)) {
            keys.load(in, password);
        }
        KeyManagerFactory own = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        own.init(keys, password);
        TrustManagerFactory trusted = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trusted.init(keys);
        SSLContext tls = SSLContext.getInstance("TLS");
        tls.init(own.getKeyManagers(), trusted.getTrustManagers(), null);
        return tls;
    }
}
