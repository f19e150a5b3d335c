package org.millrace.server.dashboard;

import java.util.Optional;

/**
 * What an operator asks first, answered in a sentence.
 *
 * @param sinceMillis Unix time from which on that is so, where there is one
 * @param evidence id of the page's element that shows why
 */
record Answer(Question question, Tone tone, String words, Optional<Long> sinceMillis, String evidence) {
    /** The questions, in the page's order. */
    enum Question {
        LEARNING,
        WORLD,
        MODEL,
        TROUBLE
    }

    /** How good the answer is. */
    enum Tone {
        GOOD,
        /** A fact without a verdict. */
        NOTE,
        WARN,
        BAD,
        /** Nothing is known yet. */
        WAIT
    }

    Answer(Question question, Tone tone, String words, String evidence) {
        this(question, tone, words, Optional.empty(), evidence);
    }

    /** The same answer with another sentence behind it. */
    Answer and(String more) {
        return more.isEmpty() ? this : new Answer(question, tone, words + " " + more, sinceMillis, evidence);
    }

    /** The same answer with another tone. */
    Answer as(Tone other) {
        return new Answer(question, other, words, sinceMillis, evidence);
    }
}
