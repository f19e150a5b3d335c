package org.millrace.evaluator.drift.stream;

import java.util.Map;
import org.apache.kafka.streams.errors.ErrorHandlerContext;
import org.apache.kafka.streams.errors.ProcessingExceptionHandler;
import org.apache.kafka.streams.processor.api.Record;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Skips a record that could not be processed: it would fail again at every start. Instantiated by Kafka Streams. */
public final class SkippedRecords implements ProcessingExceptionHandler {
    private static final Logger log = LoggerFactory.getLogger(SkippedRecords.class);

    @Override
    public Response handleError(ErrorHandlerContext context, Record<?, ?> record, Exception problem) {
        log.error(
                "drift goes on without a record: {} failed at {}, partition {}, offset {}; please report it",
                context.processorNodeId(),
                context.topic(),
                context.partition(),
                context.offset(),
                problem);
        return Response.resume();
    }

    @Override
    public void configure(Map<String, ?> settings) {}
}
