package org.millrace.encoder.image;

import java.io.EOFException;
import java.nio.BufferUnderflowException;
import java.util.List;
import java.util.Locale;
import java.util.zip.ZipException;
import org.jspecify.annotations.Nullable;
import org.millrace.contract.image.UnsoundImageException;

/** What a decoder's exception means, in words for users. An exception without an entry here keeps the library's words. */
final class DecoderWords {
    static final String SHORT = UnsoundImageException.SHORT;

    private static final String WRONG_PIXELS = "its compressed pixels are wrong";

    /** The first whose part the library's message has. */
    private static final List<Entry> ENTRIES = List.of(
            new Entry("unexpected end", SHORT),
            new Entry("end of zlib", SHORT),
            new Entry("getn()", WRONG_PIXELS), // a lossless JPEG's bits run out
            new Entry("corrupt webp", WRONG_PIXELS),
            new Entry("code length repeat", WRONG_PIXELS),
            new Entry("png image data", WRONG_PIXELS),
            new Entry("error reading image", WRONG_PIXELS),
            new Entry("more than one scan", "it has more than one scan, and its frame is not of that kind"),
            new Entry("huffman", "a Huffman table is wrong or missing"),
            new Entry("quantization", "a quantisation table is wrong or missing"),
            new Entry("inconsistent metadata", "its frame and its scans contradict each other"),
            new Entry("marker", "its segments are wrong"),
            new Entry("sof length", "its segments are wrong"),
            new Entry("bogus", "its segments are wrong"),
            new Entry("png header", "its header is wrong"),
            new Entry("image header", "its header is wrong"),
            new Entry("png metadata", "a chunk before its pixels is wrong"));

    /** @param part of the library's message, in lower case */
    private record Entry(String part, String words) {}

    private DecoderWords() {}

    static String of(Exception problem) {
        for (@Nullable Throwable cause = problem; cause != null; cause = cause.getCause()) {
            if (cause instanceof EOFException) {
                return SHORT;
            }
        }
        String message =
                String.valueOf(problem.getMessage()).lines().findFirst().orElse("");
        for (Entry entry : ENTRIES) {
            if (message.toLowerCase(Locale.ROOT).contains(entry.part())) {
                return entry.words();
            }
        }
        return isFault(problem) ? WRONG_PIXELS : message;
    }

    /** Whether the decoder itself failed, on data that it did not expect. */
    private static boolean isFault(Exception problem) {
        return problem instanceof IndexOutOfBoundsException
                || problem instanceof BufferUnderflowException
                || problem instanceof NegativeArraySizeException
                || problem instanceof ArithmeticException
                || problem instanceof NullPointerException
                || problem instanceof ClassCastException
                || problem instanceof ZipException
                || problem.getMessage() == null;
    }
}
