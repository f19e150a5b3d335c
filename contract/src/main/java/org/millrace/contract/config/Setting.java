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

    /** What a change of it does to a run that was begun with another value. */
    Effect effect();

    /** One line for the reference table: meaning, unit, range. */
    String doc();

    /** What a setting decides. */
    enum Effect {
        /** The shape of a run's state, or which images a plan names: a run keeps it from its first plan on. */
        STRUCTURE,
        /** What a step computes: a run may go on with another value, to other numbers. */
        NUMBERS,
        /** Nothing that a step computes. */
        NONE
    }
}
