package org.millrace.app.broker;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.interfaces.RSAPublicKey;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;

/** A server of OAuth 2.0 that gives clients with {@link #SECRET} a signed token (RFC 6749, 4.4; RFC 7519). The caller closes it. */
final class TokenServer implements AutoCloseable {
    static final String SECRET = "of-every-client";

    private static final Base64.Encoder BASE64 = Base64.getUrlEncoder().withoutPadding();

    private final HttpServer server;
    private final KeyPair pair;
    private final Path keys;

    TokenServer(Path folder) throws IOException, GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(2048);
        this.pair = generator.generateKeyPair();
        RSAPublicKey open = (RSAPublicKey) pair.getPublic();
        this.keys = folder.resolve("jwks.json");
        Files.writeString(
                keys,
                "{\"keys\":[{\"kty\":\"RSA\",\"alg\":\"RS256\",\"use\":\"sig\",\"kid\":\"1\",\"n\":\""
                        + number(open.getModulus()) + "\",\"e\":\"" + number(open.getPublicExponent()) + "\"}]}");
        this.server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/token", this::answer);
        server.start();
    }

    /** Where clients ask for tokens. */
    String endpoint() {
        return "http://127.0.0.1:" + server.getAddress().getPort() + "/token";
    }

    /** Where the broker finds the keys by which it checks them. */
    String keys() {
        return keys.toUri().toString();
    }

    @Override
    public void close() {
        server.stop(0);
    }

    private void answer(HttpExchange request) throws IOException {
        String authorization = request.getRequestHeaders().getFirst("Authorization");
        String[] client = new String(
                        Base64.getDecoder().decode(authorization.substring("Basic ".length())), StandardCharsets.UTF_8)
                .split(":", 2);
        boolean known = client[1].equals(SECRET);
        byte[] body = (known
                        ? "{\"token_type\":\"Bearer\",\"expires_in\":3600,\"access_token\":\"" + token(client[0])
                                + "\"}"
                        : "{\"error\":\"invalid_client\"}")
                .getBytes(StandardCharsets.UTF_8);
        request.getResponseHeaders().add("Content-Type", "application/json");
        request.sendResponseHeaders(known ? 200 : 401, body.length);
        try (var out = request.getResponseBody()) {
            out.write(body);
        }
    }

    private String token(String subject) {
        long now = Instant.now().getEpochSecond();
        String claims = "{\"sub\":\"" + subject + "\",\"aud\":\"millrace\",\"scope\":\"millrace\",\"iat\":" + now
                + ",\"exp\":" + (now + 3_600) + "}";
        String signed = encoded("{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"1\"}") + "." + encoded(claims);
        try {
            Signature signature = Signature.getInstance("SHA256withRSA");
            signature.initSign(pair.getPrivate());
            signature.update(signed.getBytes(StandardCharsets.US_ASCII));
            return signed + "." + BASE64.encodeToString(signature.sign());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String encoded(String text) {
        return BASE64.encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    private static String number(BigInteger value) {
        byte[] bytes = value.toByteArray();
        return BASE64.encodeToString(bytes[0] == 0 ? Arrays.copyOfRange(bytes, 1, bytes.length) : bytes);
    }
}
