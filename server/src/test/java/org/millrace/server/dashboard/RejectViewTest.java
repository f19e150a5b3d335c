package org.millrace.server.dashboard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.millrace.contract.ImageHeaders;

class RejectViewTest {
    private final RejectView view = new RejectView();

    @Test
    void section_reasonsThatDifferInNumbers_areOneKindWithTheNewest() {
        for (int i = 0; i < 30; i++) {
            refuse("the file has " + (1000 + i) + " bytes, more than 900", "camera/" + i + ".jpg");
        }
        refuse("empty", "");
        Sections.Rejects section = view.section();
        assertThat(section.read()).isEqualTo(31);
        assertThat(section.reasons())
                .extracting(Sections.Reason::reason, Sections.Reason::count)
                .containsExactly(tuple("the file has N bytes, more than N", 30L), tuple("empty", 1L));
        assertThat(section.reasons().get(0).newest())
                .isEqualTo(new Sections.Reject(7, "camera/29.jpg", "the file has 1029 bytes, more than 900"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "too large: 70000×1 is more than 33554432 pixels | too large",
                "damaged PNG: it ends before its last pixel | damaged PNG",
                "no decoder for 'image/x 7' | no decoder for …",
                "70000x2 pixels at 1.5, not 3:2 | N pixels at N, not N",
                "a claim-check record without a SHA-256 | a claim-check record without a SHA-256",
            })
    void kind_reason_leavesOutWhatDiffersFromFileToFile(String reason, String kind) {
        assertThat(RejectView.kind(reason)).isEqualTo(kind);
    }

    @Test
    void section_endlessKinds_areBounded() {
        for (int i = 0; i < 1_000; i++) {
            refuse("kind " + "abcdefghijklmnopqrstuvwxyz".substring(i % 26) + "x".repeat(i % 39), "");
        }
        assertThat(view.section().reasons()).hasSize(25);
        assertThat(view.section().reasons().stream()
                        .mapToLong(Sections.Reason::count)
                        .sum())
                .isEqualTo(1_000);
    }

    private void refuse(String reason, String source) {
        var record = new ConsumerRecord<byte[], byte[]>(
                "images.rejected",
                0,
                0,
                7,
                TimestampType.CREATE_TIME,
                0,
                0,
                new byte[0],
                new byte[1],
                new RecordHeaders(),
                Optional.empty());
        ImageHeaders.put(record.headers(), ImageHeaders.REJECT_REASON, reason);
        if (!source.isEmpty()) {
            ImageHeaders.put(record.headers(), ImageHeaders.SOURCE, source);
        }
        view.add(record);
    }
}
