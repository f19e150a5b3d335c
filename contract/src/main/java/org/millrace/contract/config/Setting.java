package org.millrace.contract.config;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** Default and meaning of one key of the configuration, on the record component that holds it. */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
public @interface Setting {
    /** The default, as it would stand in a properties file. */
    String value();

    /** One line for the reference table: meaning, unit, range. */
    String doc();
}
