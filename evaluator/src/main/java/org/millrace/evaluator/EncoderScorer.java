package org.millrace.evaluator;

import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.LongPredicate;
import org.millrace.contract.UserException;
import org.millrace.contract.config.EvaluatorConfig;
import org.millrace.contract.config.GuardConfig;
import org.millrace.contract.config.GuardTeacher;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.contract.event.BucketScores;
import org.millrace.contract.event.EncoderManifest;
import org.millrace.contract.event.Evaluation;
import org.millrace.contract.event.Health;
import org.millrace.contract.event.ModelDrift;
import org.millrace.contract.event.OldDomain;
import org.millrace.contract.event.ProbeAnswers;
import org.millrace.contract.event.SpaceScores;
import org.millrace.contract.event.Standing;
import org.millrace.contract.registry.PublishedEncoder;
import org.millrace.contract.registry.Standings;
import org.millrace.evaluator.anchor.Anchors;
import org.millrace.evaluator.learning.BucketCut;
import org.millrace.evaluator.probe.Half;
import org.millrace.evaluator.probe.ProbeImage;
import org.millrace.evaluator.probe.ProbeSet;
import org.millrace.evaluator.score.LabelledFeatures;
import org.millrace.evaluator.score.ProbeScorer;
import org.millrace.evaluator.space.SpaceFit;
import org.millrace.evaluator.space.SpaceFitting;
import org.millrace.numerics.FeatureMatrix;
import org.millrace.numerics.health.HealthCheck;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Scores encoders: load → embed both halves of the probe set and the anchors → probes, health and model drift. Not thread safe; the
 * owner closes it.
 */
final class EncoderScorer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(EncoderScorer.class);

    private final EmbedderFactory embedders;
    private final ProbeScorer scorer;
    private final Clock clock;
    private final Anchors anchors;
    private final EvaluatorConfig config;
    private final GuardConfig guard;
    private final Set<Long> unknownSpaces = new HashSet<>(); // that the log has mentioned

    EncoderScorer(EmbedderFactory embedders, MillraceConfig all, Anchors anchors, Clock clock) {
        this.config = all.evaluator();
        this.guard = all.guard();
        this.anchors = anchors;
        this.embedders = embedders;
        this.scorer = new ProbeScorer(config, all.run().effectiveThreads());
        this.clock = clock;
    }

    /**
     * An encoder's scores.
     *
     * @param fits what the evaluation's new spaces are made of
     */
    record Scored(Evaluation evaluation, List<SpaceFit> fits) {}

    /**
     * The evaluation; empty where {@code stopping} became true, or where the encoder cannot be scored, which is logged.
     *
     * @param old labelled images of the domain that the run came from, where there are any
     * @param log of the versions scored so far: one of them is scored again and keeps its standing
     * @param done whether the encoder has an adapter to a space already
     */
    Optional<Scored> evaluate(
            PublishedEncoder encoder,
            ProbeSet probes,
            Optional<ProbeSet> old,
            EvaluationLog log,
            LongPredicate done,
            BooleanSupplier stopping) {
        EncoderManifest manifest = encoder.manifest();
        long start = clock.millis();
        Map<String, Integer> classes = new HashMap<>();
        probes.labels().forEach(label -> classes.put(label, classes.size()));
        LabelledFeatures train;
        LabelledFeatures test;
        List<ProbeImage> heldOut = probes.images(Half.TEST);
        List<byte[]> anchorImages = anchors.images(files(heldOut));
        Optional<FeatureMatrix> anchorFeatures;
        Optional<Halves> oldHalves;
        try (Embedder embedder = embedders.load(manifest, encoder.safetensors())) {
            train = embed(embedder, probes.images(Half.TRAIN), classes, stopping);
            test = embed(embedder, heldOut, classes, stopping);
            anchorFeatures =
                    anchorImages.isEmpty() ? Optional.empty() : Optional.of(embed(embedder, anchorImages, stopping));
            oldHalves = old.map(set -> halves(embedder, set, stopping));
        } catch (UserException | IllegalArgumentException e) {
            LOG.warn("encoder {} cannot be evaluated: {}", manifest.version(), e.getMessage());
            return Optional.empty();
        }
        if (stopping.getAsBoolean()) {
            return Optional.empty();
        }
        if (!train.features().isFinite()
                || !test.features().isFinite()
                || !oldHalves.map(Halves::isFinite).orElse(true)
                || !anchorFeatures.map(FeatureMatrix::isFinite).orElse(true)) {
            LOG.warn(
                    "encoder {} cannot be evaluated: its features are not finite, its training diverged",
                    manifest.version());
            return Optional.empty();
        }
        ProbeScorer.Scores scores = scorer.score(train, test, classes.size());
        Health health = HealthCheck.of(test.features());
        Optional<Evaluation> earlier = log.of(manifest.version());
        OptionalLong current = log.standings().currentBefore(manifest.version());
        Optional<ModelDrift> drift = earlier.isPresent()
                ? Optional.empty()
                : anchorFeatures.flatMap(features -> anchors.compare(manifest.version(), current, features));
        Optional<BucketScores> buckets = config.buckets() == 0
                ? Optional.empty()
                : Optional.of(BucketCut.of(config, probes.labels(), heldOut)
                        .scores(scores.linearHits(), scores.neighbourHits()));
        Optional<OldDomain> oldDomain = oldHalves.map(halves -> judged(halves, manifest.version(), log));
        Standing byChurn = new ChurnBudget(config.churnBudget()).judge(current, drift);
        long end = clock.millis();
        Evaluation alone = new Evaluation(
                Evaluation.SCHEMA,
                manifest.run(),
                manifest.version(),
                manifest.step(),
                manifest.imagesTrained(),
                classes.size(),
                train.features().rows(),
                test.features().rows(),
                scores.linear(),
                scores.neighbours(),
                (end - start) / 1000.0,
                end,
                Optional.of(health),
                drift,
                Optional.of(oldDomain
                        .map(scored -> byChurn.with(new Standing.Fall(
                                scored.against().orElse(manifest.version()), scored.fallen(), scored.budget())))
                        .orElse(byChurn)),
                oldDomain,
                buckets,
                Optional.empty(),
                Optional.of(ProbeAnswers.of(probes.digest(), scores.linearHits(), scores.neighbourHits())));
        Evaluation standing = earlier.map(alone::standingAs).orElse(alone);
        Evaluation compared = manifest.version() == 0
                ? standing
                : log.of(0).map(standing::beside).orElse(standing);
        List<SpaceFit> fits = anchorFeatures.isEmpty() ? List.of() : adapt(compared, done);
        return Optional.of(new Scored(withSpaces(compared, fits), fits));
    }

    /** The same evaluation with what was measured of further spaces. */
    static Evaluation withSpaces(Evaluation evaluation, List<SpaceFit> fits) {
        Evaluation all = evaluation;
        for (SpaceFit fit : fits) {
            all = all.withSpace(fit.scores());
        }
        return all;
    }

    /**
     * Adapters from a scored encoder to the wanted spaces, as far as the features of both are kept.
     *
     * @param done spaces that are left out, as are those to which its scores say why there is none
     */
    List<SpaceFit> adapt(Evaluation evaluation, LongPredicate done) {
        long version = evaluation.version();
        List<SpaceFit> fits = new ArrayList<>();
        for (long space : config.adaptedSpaces()) {
            boolean refused =
                    evaluation.scoresIn(space).flatMap(SpaceScores::refused).isPresent();
            if (space == version || refused || done.test(space)) {
                continue;
            }
            Optional<FeatureMatrix> to = anchors.features(space);
            if (to.isEmpty() && unknownSpaces.add(space)) {
                LOG.info(
                        "encoder {} and others get no adapter to the space of encoder {} until that one is scored;"
                                + " once its weights have left the topic there is none",
                        version,
                        space);
            }
            anchors.features(version)
                    .ifPresent(from -> to.ifPresent(
                            known -> fits.add(SpaceFitting.fit(space, from, known, config.anchorNeighbours()))));
        }
        fits.forEach(fit -> fit.scores()
                .refused()
                .ifPresent(why -> LOG.warn(
                        "encoder {} has no adapter to the space of encoder {}: {}",
                        version,
                        fit.scores().space(),
                        why)));
        return fits;
    }

    /** Both halves of labelled images under one encoder. */
    private record Halves(int classes, LabelledFeatures train, LabelledFeatures test) {
        boolean isFinite() {
            return train.features().isFinite() && test.features().isFinite();
        }
    }

    private Halves halves(Embedder embedder, ProbeSet set, BooleanSupplier stopping) {
        Map<String, Integer> classes = new HashMap<>();
        set.labels().forEach(label -> classes.put(label, classes.size()));
        return new Halves(
                classes.size(),
                embed(embedder, set.images(Half.TRAIN), classes, stopping),
                embed(embedder, set.images(Half.TEST), classes, stopping));
    }

    // of a version that is scored again, what followed from its first scores stays
    private OldDomain judged(Halves halves, long version, EvaluationLog log) {
        Optional<OldDomain> before = log.of(version).flatMap(Evaluation::oldDomain);
        if (before.isPresent()) {
            return before.get();
        }
        OptionalLong pinned = guard.named() instanceof GuardTeacher.Pinned known
                        && known.run().isEmpty()
                ? OptionalLong.of(known.version())
                : OptionalLong.empty();
        return new OldBudget(guard)
                .judge(
                        scorer.score(halves.train(), halves.test(), halves.classes()),
                        halves.classes(),
                        halves.train().features().rows(),
                        halves.test().features().rows(),
                        log.oldReference(pinned),
                        log.guardWeight());
    }

    /**
     * Embeds the anchors with an encoder that was scored before and whose anchor features are missing: it has become current or was pinned
     * since, or the anchors' file was lost.
     */
    void remember(PublishedEncoder encoder, ProbeSet probes, BooleanSupplier stopping) {
        long version = encoder.version();
        List<byte[]> images = anchors.images(files(probes.images(Half.TEST)));
        if (images.isEmpty()) {
            return;
        }
        try (Embedder embedder = embedders.load(encoder.manifest(), encoder.safetensors())) {
            FeatureMatrix features = embed(embedder, images, stopping);
            if (features.isFinite() && !stopping.getAsBoolean()) {
                anchors.remember(version, features);
                LOG.info(
                        "later encoders are compared with encoder {} again: its anchor features were computed a second time",
                        version);
            }
        } catch (UserException | IllegalArgumentException e) {
            LOG.warn("no encoder can be compared with encoder {}: {}", version, e.getMessage());
        }
    }

    /** Whether later encoders are compared with this version, but its anchor features are missing. */
    boolean misses(long version, Standings standings) {
        boolean wanted =
                config.adaptedSpaces().contains(version) || standings.current().orElse(-1) == version;
        return wanted && config.anchors() > 0 && !anchors.knows(version);
    }

    private LabelledFeatures embed(
            Embedder embedder, List<ProbeImage> images, Map<String, Integer> classes, BooleanSupplier stopping) {
        int[] labels = images.stream()
                .mapToInt(image -> classes.getOrDefault(image.label(), -1))
                .toArray();
        return new LabelledFeatures(embed(embedder, files(images), stopping), labels);
    }

    private static List<byte[]> files(List<ProbeImage> images) {
        return images.stream().map(ProbeImage::file).toList();
    }

    private FeatureMatrix embed(Embedder embedder, List<byte[]> images, BooleanSupplier stopping) {
        return embedder.features(images, config.batchSize(), done -> !stopping.getAsBoolean());
    }

    @Override
    public void close() {
        scorer.close();
    }
}
