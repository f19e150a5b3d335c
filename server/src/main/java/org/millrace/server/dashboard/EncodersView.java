package org.millrace.server.dashboard;

import java.util.Comparator;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.event.EncoderManifest;
import org.millrace.contract.event.EncoderRevocation;
import org.millrace.contract.event.Evaluation;
import org.millrace.contract.event.EvaluationEvent;
import org.millrace.contract.registry.Standings;

/** A run's encoders: their weights on the topic, scores and status. Bounded. Not thread safe. */
final class EncodersView {
    private static final int EVALUATIONS = 400;
    private static final int ENCODERS = 64;

    private final Thinned<Evaluation> evaluations = new Thinned<>(EVALUATIONS, (earlier, later) -> later);
    private final NavigableMap<Long, Evaluation> scores = new TreeMap<>(); // of the newest versions, revoked or not
    private final NavigableMap<Long, EncoderManifest> manifests = new TreeMap<>();
    private Standings standings = new Standings();
    private @Nullable Evaluation untrained; // the newest score of version 0

    /** A record of {@code <run>.evaluations}. */
    void add(EvaluationEvent event) {
        standings.accept(event);
        if (event instanceof Evaluation evaluation) {
            add(evaluation);
        } else if (event instanceof EncoderRevocation revocation) {
            evaluations.removeIf(score -> score.version() == revocation.version());
            Optional.ofNullable(scores.get(revocation.version())).ifPresent(this::add);
        }
    }

    // a version may be scored again
    private void add(Evaluation evaluation) {
        if (evaluation.version() == 0) {
            untrained = evaluation;
        }
        scores.put(evaluation.version(), evaluation);
        if (scores.size() > EVALUATIONS) {
            scores.pollFirstEntry();
        }
        if (standings.isRevoked(evaluation.version())) {
            return;
        }
        if (!evaluations.replace(other -> other.version() == evaluation.version(), evaluation)) {
            evaluations.add(evaluation);
        }
    }

    void add(EncoderManifest manifest) {
        manifests.put(manifest.version(), manifest);
        if (manifests.size() > ENCODERS) {
            manifests.remove(manifests.firstKey());
        }
    }

    /** Its weights were removed from the topic. */
    void remove(long version) {
        manifests.remove(version);
    }

    void clear() {
        evaluations.clear();
        scores.clear();
        manifests.clear();
        standings = new Standings();
        untrained = null;
    }

    /** The newest evaluation of an encoder that is not revoked. */
    Optional<Evaluation> newestScore() {
        return evaluations.items().stream().reduce((earlier, later) -> later);
    }

    /** Scores of encoders that are not revoked, in the order in which they were scored; of a long run a part of them, with the untrained one's. */
    List<Evaluation> scores() {
        return Stream.concat(Optional.ofNullable(untrained).stream(), evaluations.items().stream())
                .filter(score -> !standings.isRevoked(score.version()))
                .sorted(Comparator.comparingLong(Evaluation::evaluatedAtMillis))
                .toList();
    }

    RunFacts.Encoders facts() {
        return new RunFacts.Encoders(
                manifests.isEmpty() ? OptionalLong.empty() : OptionalLong.of(manifests.lastKey()),
                standings.current(),
                newestScore().map(score -> standings.isHeld(score.version())));
    }

    /** Versions with weights on the topic that are not revoked, newest first. */
    List<Sections.Encoder> section() {
        return manifests.descendingMap().values().stream()
                .filter(manifest -> !standings.isRevoked(manifest.version()))
                .map(EncodersView::encoder)
                .toList();
    }

    Sections.Standing standing() {
        return new Sections.Standing(
                standings.current(),
                standings.held(),
                standings.revoked().values().stream()
                        .map(this::revoked)
                        .filter(one -> one.encoder().isPresent() || one.score().isPresent())
                        .toList());
    }

    /** The changed tail of the scores; empty where nothing changed. */
    Optional<Thinned.Tail<Evaluation>> takeChanges() {
        return evaluations.hasChanged() ? Optional.of(evaluations.takeChanges()) : Optional.empty();
    }

    private Sections.Revoked revoked(EncoderRevocation revocation) {
        return new Sections.Revoked(
                revocation.version(),
                Optional.ofNullable(manifests.get(revocation.version())).map(EncodersView::encoder),
                Optional.ofNullable(scores.get(revocation.version())),
                revocation.reason(),
                revocation.revokedAtMillis());
    }

    private static Sections.Encoder encoder(EncoderManifest manifest) {
        return new Sections.Encoder(
                manifest.version(),
                manifest.imagesTrained(),
                manifest.bytes(),
                manifest.encoder().architecture().name(),
                manifest.sha256(),
                manifest.publishedAtMillis());
    }
}
