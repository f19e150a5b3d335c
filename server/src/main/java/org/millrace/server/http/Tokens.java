package org.millrace.server.http;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.millrace.contract.FileNames;
import org.millrace.contract.Sha256;
import org.millrace.contract.UserException;
import org.millrace.contract.config.HttpConfig;
import org.millrace.contract.config.TokenFile;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The tokens that requests may send: http.token, which has every right, and those of http.tokens-file, which is read again when it has
 * changed. A file that has become wrong is reported, and the tokens before it stay. Thread safe.
 */
final class Tokens {
    private static final Logger LOG = LoggerFactory.getLogger(Tokens.class);
    private static final String SETTING = "http.tokens-file";
    private static final int MOST_BYTES = 1 << 20;
    private static final long LOOK_NANOS = 1_000_000_000;
    private static final String LEGAL_RATE = "\\d{1,6}(\\.\\d{1,6})?/s";
    private static final String LEGAL_NAME = "[A-Za-z0-9._-]{1,64}";

    private final HttpConfig config;
    private final LongSupplier nanoTime;
    private volatile List<Holder> holders;
    private String seen; // size and time of the file that was read last
    private long lookedAt;

    /** What a token may be used for. */
    enum Right {
        PUSH,
        EMBED,
        /** Every GET: dashboard, encoders, metrics. */
        READ,
        /** Everything, also the dashboard's orders. */
        ADMIN;

        String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * A token as it may be kept.
     *
     * @param digest of the token, and {@code cookie} what replaces it in a browser: neither leads back to it
     * @param limit on its requests, by token and by cookie together
     */
    record Holder(String name, Set<Right> rights, String digest, String cookie, Optional<RateLimit> limit) {
        Holder {
            rights = Set.copyOf(rights);
        }

        static Holder of(String name, Set<Right> rights, String token, Optional<RateLimit> limit) {
            return new Holder(name, rights, digestOf(token), Sha256.of(bytes("cookie of " + token)), limit);
        }

        String words() {
            return rights.stream().sorted().map(Right::word).collect(Collectors.joining(", "));
        }
    }

    /** Throws {@link UserException} where the file cannot be used. */
    Tokens(HttpConfig config, LongSupplier nanoTime) {
        this.config = config;
        this.nanoTime = nanoTime;
        this.seen = config.tokensFile().isEmpty() ? "" : state();
        this.lookedAt = nanoTime.getAsLong();
        this.holders = read();
    }

    Optional<Holder> ofToken(String token) {
        String digest = digestOf(token);
        return find(holder -> same(holder.digest(), digest));
    }

    Optional<Holder> ofCookie(String cookie) {
        return find(holder -> same(holder.cookie(), cookie));
    }

    // compares with every one, whichever it is: the time says nothing
    private Optional<Holder> find(Predicate<Holder> wanted) {
        lookAgain();
        Optional<Holder> found = Optional.empty();
        for (Holder holder : holders) {
            if (wanted.test(holder)) {
                found = Optional.of(holder);
            }
        }
        return found;
    }

    private synchronized void lookAgain() {
        if (config.tokensFile().isEmpty() || nanoTime.getAsLong() - lookedAt < LOOK_NANOS) {
            return;
        }
        lookedAt = nanoTime.getAsLong();
        String now = state();
        if (now.equals(seen)) {
            return;
        }
        seen = now;
        try {
            holders = read();
            LOG.info("{} {} was read again: {} tokens", SETTING, config.tokensFile(), holders.size());
        } catch (UserException e) {
            LOG.warn("{}; the previous tokens stay in force", e.getMessage());
        }
    }

    private String state() {
        try {
            Path file = FileNames.path(config.tokensFile());
            BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
            return attributes.size() + " " + attributes.lastModifiedTime() + " " + attributes.fileKey();
        } catch (IOException e) {
            return "none";
        }
    }

    private List<Holder> read() {
        List<Holder> all = new ArrayList<>();
        if (!config.token().isEmpty()) {
            all.add(Holder.of("http.token", EnumSet.allOf(Right.class), config.token(), Optional.empty()));
        }
        if (config.tokensFile().isEmpty()) {
            return List.copyOf(all);
        }
        Set<String> names = new HashSet<>();
        int number = 0;
        for (String line :
                TokenFile.text(SETTING, config.tokensFile(), MOST_BYTES).split("\\R", -1)) {
            number++;
            String text = line.strip();
            if (!text.isEmpty() && !text.startsWith("#")) {
                Holder holder = holder(text.split("\\s+"), number);
                if (!names.add(holder.name())) {
                    throw wrong(number, "the name " + holder.name() + " is there already");
                }
                for (Holder other : all) {
                    if (other.digest().equals(holder.digest())) {
                        throw wrong(number, "its token is that of " + other.name() + " already");
                    }
                }
                all.add(holder);
            }
        }
        return List.copyOf(all);
    }

    // never the token itself in a message
    private Holder holder(String[] words, int number) {
        if (words.length != 3 && words.length != 4) {
            throw wrong(number, "wanted NAME RIGHTS TOKEN [RATE/s], but got " + words.length + " words");
        }
        if (!words[0].matches(LEGAL_NAME)) {
            throw wrong(number, "a name must match " + LEGAL_NAME);
        }
        if (!words[2].matches(HttpConfig.LEGAL_TOKEN)) {
            throw wrong(number, "a token must have 16 to 256 visible ASCII characters");
        }
        Set<Right> rights = EnumSet.noneOf(Right.class);
        for (String word : words[1].split(",", -1)) {
            rights.add(right(word, number));
        }
        return Holder.of(
                words[0],
                rights.contains(Right.ADMIN) ? EnumSet.allOf(Right.class) : rights,
                words[2],
                words.length == 4 ? Optional.of(limit(words[3], number)) : Optional.empty());
    }

    private RateLimit limit(String word, int number) {
        if (word.matches(LEGAL_RATE)) {
            try {
                return new RateLimit(Double.parseDouble(word.substring(0, word.length() - 2)), nanoTime);
            } catch (IllegalArgumentException e) {
                throw wrong(number, String.valueOf(e.getMessage()));
            }
        }
        throw wrong(number, "a rate is a number of requests a second, such as 20/s or 0.5/s");
    }

    private Right right(String word, int number) {
        for (Right right : Right.values()) {
            if (right.word().equals(word)) {
                return right;
            }
        }
        throw wrong(number, "rights are push, embed, read and admin, with commas between them and no space");
    }

    private UserException wrong(int line, String what) {
        return new UserException(SETTING + " " + config.tokensFile() + " cannot be used: line " + line + ": " + what);
    }

    private static String digestOf(String token) {
        return Sha256.of(bytes(token));
    }

    private static boolean same(String left, String right) {
        return MessageDigest.isEqual(bytes(left), bytes(right));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
