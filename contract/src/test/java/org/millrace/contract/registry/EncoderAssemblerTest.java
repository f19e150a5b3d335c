package org.millrace.contract.registry;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;
import org.millrace.contract.event.Json;
import org.millrace.contract.registry.TestRecords.Entry;

final class EncoderAssemblerTest {
    private static final byte[] FILE = "twenty-three bytes of it".getBytes(StandardCharsets.UTF_8);

    private final EncoderAssembler assembler = new EncoderAssembler();

    @Test
    void accept_ofChunksAndManifest_givesTheFile() {
        Optional<PublishedEncoder> encoder = TestRecords.feed(assembler, TestRecords.of(400, FILE));
        assertThat(encoder).hasValueSatisfying(whole -> {
            assertThat(whole.version()).isEqualTo(400);
            assertThat(whole.safetensors()).isEqualTo(FILE);
        });
    }

    @Test
    void accept_ofShuffledChunks_givesTheFile() {
        long seed = 88;
        System.out.println("seed " + seed);
        List<Entry> entries = TestRecords.of(1, FILE);
        Collections.shuffle(entries.subList(0, entries.size() - 1), new Random(seed));
        assertThat(TestRecords.feed(assembler, entries))
                .hasValueSatisfying(whole -> assertThat(whole.safetensors()).isEqualTo(FILE));
    }

    @Test
    void accept_withAMissingChunk_skipsOnlyThatVersion() {
        List<Entry> entries = TestRecords.of(1, FILE);
        entries.remove(2);
        assertThat(TestRecords.feed(assembler, entries)).isEmpty();
        assertThat(TestRecords.feed(assembler, TestRecords.of(2, FILE))).isPresent();
    }

    @Test
    void accept_withACorruptChunk_skipsTheVersion() {
        List<Entry> entries = TestRecords.of(1, FILE);
        entries.set(1, new Entry("1/1", new byte[TestRecords.CHUNK]));
        assertThat(TestRecords.feed(assembler, entries)).isEmpty();
    }

    @Test
    void accept_withAShorterChunk_skipsTheVersion() {
        List<Entry> entries = TestRecords.of(1, FILE);
        entries.set(1, new Entry("1/1", new byte[1]));
        assertThat(TestRecords.feed(assembler, entries)).isEmpty();
    }

    @Test
    void accept_ofAManifestThatIsNone_skipsTheVersion() {
        List<Entry> entries = TestRecords.of(1, FILE);
        entries.set(entries.size() - 1, new Entry("1/manifest", new byte[] {'{'}));
        assertThat(TestRecords.feed(assembler, entries)).isEmpty();
        Entry manifestOfTwo = TestRecords.of(2, FILE).get(entries.size() - 1);
        entries.set(entries.size() - 1, new Entry("1/manifest", manifestOfTwo.value));
        assertThat(TestRecords.feed(assembler, entries)).isEmpty();
    }

    @Test
    void accept_ofAVersionSentTwice_givesItTwice() {
        List<Entry> entries = TestRecords.of(7, FILE);
        List<Entry> interrupted = new ArrayList<>(entries.subList(0, 2));
        interrupted.addAll(entries);
        assertThat(TestRecords.feed(assembler, interrupted)).isPresent();
        assertThat(TestRecords.feed(assembler, entries)).isPresent();
    }

    @Test
    void accept_ofAnOlderVersionSentAgainAfterANewerOne_givesIt() {
        TestRecords.feed(assembler, TestRecords.of(800, FILE));
        assertThat(TestRecords.feed(assembler, TestRecords.of(400, FILE))).isPresent();
    }

    @Test
    void accept_ofTombstones_takesTheVersionBack() {
        List<Entry> entries = TestRecords.of(1, FILE);
        Entry manifest = entries.remove(entries.size() - 1);
        TestRecords.feed(assembler, entries);
        assertThat(TestRecords.feed(assembler, List.of(new Entry("1/manifest", null), new Entry("1/0", null))))
                .isEmpty();
        assertThat(TestRecords.feed(assembler, List.of(manifest))).isEmpty();
    }

    @Test
    void accept_ofManyUnfinishedVersions_holdsTheLastTwo() {
        List<Entry> first = TestRecords.of(1, FILE);
        List<Entry> third = TestRecords.of(3, FILE);
        TestRecords.feed(assembler, first.subList(0, first.size() - 1));
        TestRecords.feed(assembler, TestRecords.of(2, FILE).subList(0, 3));
        TestRecords.feed(assembler, third.subList(0, third.size() - 1));
        assertThat(TestRecords.feed(assembler, first.subList(first.size() - 1, first.size())))
                .isEmpty();
        assertThat(TestRecords.feed(assembler, third.subList(third.size() - 1, third.size())))
                .isPresent();
    }

    @Test
    void accept_ofForeignKeys_leavesThemOut() {
        assertThat(assembler.accept(new ConsumerRecord<>("main.encoders", 0, 0, null, FILE)))
                .isEmpty();
        assertThat(TestRecords.feed(
                        assembler, List.of(new Entry("readme", FILE), new Entry("1/x", FILE), new Entry("-1/0", FILE))))
                .isEmpty();
    }

    @Test
    void accept_moreChunksThanFit_leavesTheRestOut() {
        EncoderAssembler small = new EncoderAssembler(2 * TestRecords.CHUNK);
        for (int index = 0; index < 1_000; index++) {
            TestRecords.feed(small, List.of(new Entry("7/" + index, new byte[TestRecords.CHUNK])));
        }
        assertThat(TestRecords.feed(small, TestRecords.of(8, new byte[TestRecords.CHUNK])))
                .isPresent();
    }

    @Test
    void accept_manifestThatIsNone_keepsTheChunksForTheVersionsOwn() {
        List<Entry> entries = TestRecords.of(1, FILE);
        entries.add(entries.size() - 1, new Entry("1/manifest", "null".getBytes(StandardCharsets.UTF_8)));
        entries.add(entries.size() - 1, new Entry("7000/manifest", "null".getBytes(StandardCharsets.UTF_8)));
        assertThat(TestRecords.feed(assembler, entries)).isPresent();
    }

    @Test
    void accept_forgedManifests_giveNoEncoderOfAnotherFile() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        List<Entry> entries = TestRecords.of(1, FILE);
        byte[] manifest = Json.write(TestRecords.manifest(1, FILE, entries.size() - 1));
        for (int i = 0; i < 500; i++) {
            byte[] forged = manifest.clone();
            for (int change = random.nextInt(3); change >= 0; change--) {
                forged[random.nextInt(forged.length)] = (byte) (32 + random.nextInt(95));
            }
            TestRecords.feed(assembler, entries.subList(0, entries.size() - 1));
            TestRecords.feed(assembler, List.of(new Entry("1/manifest", forged)))
                    .ifPresent(encoder ->
                            assertThat(encoder.safetensors()).as("seed " + seed).isEqualTo(FILE));
        }
    }
}
