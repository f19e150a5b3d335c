package org.millrace.contract.config;

/**
 * One key of the configuration.
 *
 * @param name dotted lower-case, for example {@code trainer.batch-size}
 * @param defaultValue as it would stand in a properties file
 * @param doc meaning, unit, range in one line
 * @param effect on a run that was begun with another value
 */
public record ConfigKey(String name, String defaultValue, String doc, Setting.Effect effect) {}
