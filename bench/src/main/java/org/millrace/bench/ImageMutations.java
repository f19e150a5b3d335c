package org.millrace.bench;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import org.millrace.contract.image.ImageFormat;

/**
 * Damages image files where their structure lies: a file is cut into its header, segments, chunks or blocks, and these are repeated,
 * dropped, exchanged, or have numbers overwritten by such as break sums and signs. A pure function of files and random numbers.
 */
final class ImageMutations {
    private static final long[] NUMBERS = {
        0,
        1,
        2,
        3,
        4,
        5,
        8,
        0x7f,
        0x80,
        0xff,
        0x100,
        4096,
        16_383,
        0x7fff,
        0x8000,
        65_500,
        0xffff,
        0x10000,
        0xffffff,
        0x7fffffff,
        0x80000000L,
        0xffffffffL
    };
    private static final int MOST_REPEATED = 2_000;
    private static final int MOST_BYTES = 1 << 18;
    private static final int HEAD = 48; // of a piece, where its numbers are

    private final List<byte[]> sources;
    private final SplittableRandom random;

    ImageMutations(List<byte[]> sources, SplittableRandom random) {
        this.sources = sources;
        this.random = random;
    }

    byte[] next() {
        byte[] source = sources.get(random.nextInt(sources.size()));
        List<byte[]> pieces = pieces(source);
        for (int times = 1 + random.nextInt(3); times > 0 && !pieces.isEmpty(); times--) {
            mutate(pieces);
        }
        byte[] file = joined(pieces);
        return random.nextInt(8) == 0 ? Arrays.copyOf(file, random.nextInt(file.length + 1)) : file;
    }

    private void mutate(List<byte[]> pieces) {
        int at = random.nextInt(pieces.size());
        byte[] piece = pieces.get(at).clone();
        pieces.set(at, piece);
        switch (random.nextInt(9)) {
            case 0 -> pieces.remove(at);
            case 1 -> {
                int times = random.nextInt(4) == 0 ? random.nextInt(MOST_REPEATED) : random.nextInt(4);
                times = Math.min(times, MOST_BYTES / Math.max(1, piece.length));
                pieces.addAll(at, Collections.nCopies(times, piece));
            }
            case 2 -> Collections.swap(pieces, at, random.nextInt(pieces.size()));
            case 3 -> pieces.add(at, anyPiece());
            case 4 -> {
                byte[] noise = new byte[random.nextInt(200)];
                random.nextBytes(noise);
                pieces.add(at, noise);
            }
            case 5 -> {
                for (int flips = 1 + random.nextInt(8); flips > 0 && piece.length > 0; flips--) {
                    piece[random.nextInt(piece.length)] ^= (byte) (1 << random.nextInt(8));
                }
            }
            default -> putNumber(piece);
        }
    }

    private byte[] anyPiece() {
        List<byte[]> pieces = pieces(sources.get(random.nextInt(sources.size())));
        return pieces.get(random.nextInt(pieces.size()));
    }

    private void putNumber(byte[] piece) {
        int width = 1 << random.nextInt(3);
        if (piece.length < width) {
            return;
        }
        int at = random.nextInt(Math.min(HEAD, piece.length - width + 1));
        long number = random.nextInt(4) == 0 ? random.nextLong() : NUMBERS[random.nextInt(NUMBERS.length)];
        ByteBuffer bytes =
                ByteBuffer.wrap(piece).order(random.nextBoolean() ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
        switch (width) {
            case 1 -> bytes.put(at, (byte) number);
            case 2 -> bytes.putShort(at, (short) number);
            default -> bytes.putInt(at, (int) number);
        }
    }

    /** The file's parts, in their order; together they are the file. */
    private static List<byte[]> pieces(byte[] file) {
        List<Integer> cuts = new ArrayList<>();
        switch (ImageFormat.of(file).orElseThrow()) {
            case JPEG -> {
                for (int at = 2; at < file.length - 1; at++) {
                    int code = file[at + 1] & 0xff;
                    if (file[at] == (byte) 0xff && code != 0 && code != 0xff && (code & 0xf8) != 0xd0) {
                        cuts.add(at);
                    }
                }
            }
            case PNG -> {
                for (long at = 8;
                        at + 12 <= file.length;
                        at += 12L + ByteBuffer.wrap(file).getInt((int) at)) {
                    cuts.add((int) at);
                }
            }
            case GIF -> {
                cuts.add(6);
                cuts.add(13);
                for (int at = 13; at < file.length; at++) {
                    if (file[at] == ',' || file[at] == '!') {
                        cuts.add(at);
                    }
                }
            }
            case BMP -> {
                ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
                cuts.addAll(List.of(14, 14 + bytes.getInt(14), bytes.getInt(10)));
            }
            case WEBP -> {
                ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
                for (long at = 12; at + 8 <= file.length; at += 8L + ((bytes.getInt((int) at + 4) + 1) & ~1)) {
                    cuts.add((int) at);
                    cuts.add((int) Math.min(at + 8, file.length));
                }
            }
        }
        List<byte[]> pieces = new ArrayList<>();
        int from = 0;
        for (int cut : cuts) {
            if (cut > from && cut < file.length) {
                pieces.add(Arrays.copyOfRange(file, from, cut));
                from = cut;
            }
        }
        pieces.add(Arrays.copyOfRange(file, from, file.length));
        return pieces;
    }

    private static byte[] joined(List<byte[]> pieces) {
        var bytes = new ByteArrayOutputStream();
        pieces.forEach(bytes::writeBytes);
        return bytes.toByteArray();
    }
}
