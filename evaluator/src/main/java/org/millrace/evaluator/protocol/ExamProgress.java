package org.millrace.evaluator.protocol;

/** Hears how an exam goes on, on its thread. What it throws ends the exam. */
public interface ExamProgress {
    /** A task begins that will handle so many examples. */
    void begin(String task, long examples);

    /** So many of the task's examples have been handled since it began; the remark may be empty. */
    void update(long done, String remark);
}
