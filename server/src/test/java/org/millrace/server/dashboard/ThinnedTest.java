package org.millrace.server.dashboard;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.millrace.server.dashboard.Thinned.Tail;

class ThinnedTest {
    private record Span(long from, long to) {
        Span with(Span next) {
            assertThat(next.from()).isEqualTo(to);
            return new Span(from, next.to());
        }
    }

    @Test
    void add_aMillionEntries_staysSmallAndCoversThemAll() {
        Thinned<Span> thinned = new Thinned<>(600, Span::with);
        for (int i = 0; i < 1_000_000; i++) {
            thinned.add(new Span(i, i + 1));
        }
        List<Span> items = thinned.items();
        assertThat(items).hasSizeBetween(300, 600);
        assertThat(items.get(0).from()).isZero();
        assertThat(items.get(items.size() - 1).to()).isEqualTo(1_000_000);
        for (int i = 1; i < items.size(); i++) {
            assertThat(items.get(i).from()).isEqualTo(items.get(i - 1).to());
        }
        assertThat(items.subList(0, items.size() - 1))
                .extracting(span -> span.to() - span.from())
                .containsOnly(2_048L);
    }

    @Test
    void takeChanges_appliedAsTheyCome_giveTheItems() {
        System.out.println("seed 11");
        Random random = new Random(11);
        Thinned<Span> thinned = new Thinned<>(8, Span::with);
        List<Span> page = new ArrayList<>();
        for (int i = 0; i < 2_000; i++) {
            thinned.add(new Span(i, i + 1));
            if (random.nextInt(5) == 0) {
                apply(page, thinned.takeChanges());
                assertThat(page).isEqualTo(thinned.items());
                assertThat(thinned.hasChanged()).isFalse();
            }
        }
        thinned.clear();
        apply(page, thinned.takeChanges());
        assertThat(page).isEmpty();
    }

    private static void apply(List<Span> page, Tail<Span> tail) {
        page.subList(tail.from(), page.size()).clear();
        page.addAll(tail.rows());
    }
}
