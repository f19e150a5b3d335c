package org.millrace.contract;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Bytes from outside as text. */
final class OutsideTextTest {
    private static final byte[] PIECES = "aäß€😀\u202e\u2028\u0007\n�E4�%\\x".getBytes(StandardCharsets.UTF_8);

    @Test
    void ofName_anyBytes_areDistinctSafeAndComeBack() {
        long seed = 23;
        System.out.println("seed " + seed);
        SplittableRandom random = new SplittableRandom(seed);
        Map<String, byte[]> seen = new HashMap<>();
        for (int round = 0; round < 5_000; round++) {
            byte[] name = new byte[random.nextInt(12)];
            for (int i = 0; i < name.length; i++) {
                name[i] = random.nextBoolean() ? PIECES[random.nextInt(PIECES.length)] : (byte) random.nextInt();
            }

            String text = OutsideText.ofName(name);

            assertThat(OutsideText.nameBytes(text)).isEqualTo(name);
            byte[] other = seen.putIfAbsent(text, name);
            assertThat(other == null || Arrays.equals(other, name)).as(text).isTrue();
            assertThat(OutsideText.of(text)).as("safe text stays").isEqualTo(text);
        }
    }

    @ParameterizedTest
    @CsvSource({"42e472, B�E4r", "42c3a472, Bär", "efbfbd4534, �EF�BF�BDE4", "efbfbd6534, �e4", "0a1b, �0A�1B"})
    void ofName_bytes_areReadable(String hex, String text) {
        assertThat(OutsideText.ofName(java.util.HexFormat.of().parseHex(hex))).isEqualTo(text);
    }

    @Test
    void of_unsafeCharacters_areEscaped() {
        assertThat(OutsideText.of("cam\r\n12:00:00 forged")).isEqualTo("cam�0D�0A12:00:00 forged");
        assertThat(OutsideText.of("\u001b[31mred")).isEqualTo("�1B[31mred");
        assertThat(OutsideText.of("a\u202eb\u2028c\u0085d")).isEqualTo("a�E2�80�AEb�E2�80�A8c�C2�85d");
        assertThat(OutsideText.of("família 👨‍👩‍👧"))
                .as("joiners are no danger")
                .isEqualTo("família 👨‍👩‍👧");
    }

    @Test
    void of_longText_isCutVisiblyAndStaysDistinct() {
        String one = "€".repeat(30_000) + "1";
        String two = "€".repeat(30_000) + "2";

        assertThat(OutsideText.of(one)).startsWith("€€€").contains("…").isNotEqualTo(OutsideText.of(two));
        assertThat(OutsideText.of(one).getBytes(StandardCharsets.UTF_8)).hasSizeLessThanOrEqualTo(1024);
        assertThat(OutsideText.of(OutsideText.of(one))).isEqualTo(OutsideText.of(one));
        assertThat(OutsideText.of("x".repeat(1024))).hasSize(1024).doesNotContain("…");
        assertThat(OutsideText.of(new byte[1024])).as("escapes need room").endsWith(OutsideText.of(new byte[1024]));
        assertThat(OutsideText.of(new byte[1024]).getBytes(StandardCharsets.UTF_8))
                .hasSizeLessThanOrEqualTo(1024);
        assertThat(OutsideText.of(new byte[1024])).isNotEqualTo(OutsideText.of(new byte[1023]));
    }

    @Test
    void header_hostile_isBoundedTextOnBothWays() {
        RecordHeaders headers = new RecordHeaders();
        headers.add(ImageHeaders.SOURCE, new byte[8 << 20]);
        headers.add(ImageHeaders.LABEL, new byte[] {'B', (byte) 0xe4, 'r'});
        headers.add(ImageHeaders.CAPTURED_AT, null);
        ImageHeaders.put(headers, ImageHeaders.REJECT_REASON, "a\nb");
        headers.add(ImageHeaders.LOCATION, ("https://x/" + "y".repeat(4000)).getBytes(StandardCharsets.UTF_8));

        assertThat(ImageHeaders.text(headers, ImageHeaders.SOURCE).orElseThrow().getBytes(StandardCharsets.UTF_8))
                .hasSizeLessThanOrEqualTo(1024);
        assertThat(ImageHeaders.text(headers, ImageHeaders.LABEL)).contains("B�E4r");
        assertThat(ImageHeaders.text(headers, ImageHeaders.CAPTURED_AT)).isEmpty();
        assertThat(headers.lastHeader(ImageHeaders.REJECT_REASON).value())
                .isEqualTo("a�0Ab".getBytes(StandardCharsets.UTF_8));
        assertThat(ImageHeaders.location(headers).orElseThrow())
                .as("a signed address")
                .hasSize(4010);
    }
}
