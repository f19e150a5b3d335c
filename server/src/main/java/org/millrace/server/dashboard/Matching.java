package org.millrace.server.dashboard;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.millrace.contract.config.Architecture;
import org.millrace.encoder.image.ImageDecoder;
import org.millrace.server.embed.LoadedEncoders;

/**
 * How well the whole of a query image predicts each place of itself and of others: f₁ᵀφ₇(f₇)/√D of AMDIM's objective (Bachman et al. 2019).
 *
 * @param side places on each side of an image; each sees 8 of its 32 pixels, 4 from the next
 * @param images the query first
 */
record Matching(int side, List<Match> images) {
    /**
     * One image.
     *
     * @param picture what the network sees of it, a data URI
     * @param scores side², row by row from the top left
     */
    record Match(String picture, List<Double> scores) {}

    /**
     * Empty for encoders of other objectives.
     *
     * @param files that are known to decode, the query first
     */
    static Optional<Matching> of(List<byte[]> files, LoadedEncoders.Loaded encoder, int maxPixels) {
        if (encoder.input().architecture() != Architecture.AMDIM) {
            return Optional.empty();
        }
        List<float[]> scaled = RecentFeatures.scaled(
                files, encoder.input(), new ImageDecoder(encoder.input().channels(), maxPixels));
        return encoder.embedder().matchingMaps(scaled).map(maps -> {
            List<Match> images = new ArrayList<>();
            for (int i = 0; i < maps.size(); i++) {
                List<Double> scores = new ArrayList<>();
                for (float score : maps.get(i)) {
                    scores.add(Math.round(score * 1e3) / 1e3);
                }
                images.add(new Match(Png.dataUri(Png.ofScaled(encoder.input(), scaled.get(i))), scores));
            }
            return new Matching((int) Math.round(Math.sqrt(maps.get(0).length)), images);
        });
    }
}
